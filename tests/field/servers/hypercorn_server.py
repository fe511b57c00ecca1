# SPDX-License-Identifier: BSD-2-Clause
"""hypercorn, whose worker runs the loop."""

from parts.visits import free_port, serve

CASE = {
    "shows": "hypercorn: healthy, and with a handler that blocks",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-s", "-d", "3s", "-t", "500ms"],
         "arguments": ["/"],
         "partly": [r"\(0 slow\)"],
         "never": [r"what got lost"]},
        {"command": ["-s", "-d", "4s"],
         "arguments": ["/slow"],
         "partly": [r"blocked", r"{asgi_block}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?slow\b"]},
    ],
}

if __name__ == "__main__":
    PORT = free_port()
    serve(PORT, "hypercorn", "--bind", f"127.0.0.1:{PORT}", "parts.asgi:app")
