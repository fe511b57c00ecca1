# SPDX-License-Identifier: BSD-2-Clause
"""FastAPI turns thousands of objects of a response into JSON."""

import uvicorn
from fastapi import FastAPI
from parts.visits import free_port, visit

CASE = {
    "shows": "FastAPI encodes a response with thousands of objects",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "6s"],
         "partly": [r"on CPU", r"jsonable_encoder|serialize_response"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(?!.*(run_asgi|<module>))\S"]},
        {"command": ["-m", "sample", "-d", "6s"],
         "partly": [r"jsonable_encoder|serialize_response"]},
    ],
}
app = FastAPI()


class Row:
    def __init__(self, number):
        self.number, self.tags = number, ["a", "b"]


ROWS = [Row(number) for number in range(15000)]


@app.get("/rows")
async def rows():
    return ROWS


if __name__ == "__main__":
    PORT = free_port()
    with visit(PORT, "/rows"):
        uvicorn.run(app, port=PORT, loop="asyncio", log_level="error")
