#!/usr/bin/env python3
"""Requests pages, over and over, until it is ended. Replaces wrk where that is missing.

load.py URL...
"""

import http.client
import sys
import threading
import urllib.parse

CONNECTIONS = 4


def ask(url):
    parts = urllib.parse.urlsplit(url)
    while True:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            while True:
                connection.request("GET", parts.path)
                connection.getresponse().read()
        except OSError:
            # The server ends before this program at the end of the demonstration.
            connection.close()


def main(urls):
    threads = [threading.Thread(target=ask, args=(url,), daemon=True)
               for url in urls for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        pass
