"""A loop in the main thread, which ticks, and many threads that wait (the second argument)."""

import asyncio
import os
import sys
import threading

from idle import main

if __name__ == "__main__":
    threading.stack_size(64 << 10)
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)
