"""Installs packages into a prefix as rattler's tools do, with rattler itself.

usage: rattler.py PREFIX CACHE CHANNEL SPEC...
"""

import asyncio
import os
import sys

from rattler import Channel, install, solve


async def main(prefix, cache, channel, *specs):
    records = await solve([Channel(channel)], list(specs))
    await install(records, prefix, cache_dir=cache, show_progress=False)


asyncio.run(main(*sys.argv[1:]))
os._exit(0)  # its threads may crash while the interpreter shuts down
