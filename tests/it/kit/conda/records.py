"""Reads every record of a prefix with rattler, and tells what it makes of them.

usage: records.py PREFIX
"""

import json
import os
import sys
from pathlib import Path

from rattler import PrefixRecord

found = {}
for path in sorted(Path(sys.argv[1], "conda-meta").glob("*.json")):
    record = PrefixRecord.from_path(path)
    found[record.name.normalized] = {
        "version": str(record.version), "files": [str(file) for file in record.files], "url": record.url,
        "paths": [[str(entry.relative_path), str(entry.path_type)] for entry in record.paths_data.paths],
        "requested": list(record.requested_specs)}
print(json.dumps(found), flush=True)
os._exit(0)  # its threads may crash while the interpreter shuts down
