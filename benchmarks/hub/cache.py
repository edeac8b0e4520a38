"""What Python's client does with the hub that HF_ENDPOINT names: `pull` ID, or `find` ID without a request. Prints the snapshot's folder."""

import json
import sys

from huggingface_hub import scan_cache_dir, snapshot_download

what, repository = sys.argv[1:]
folder = snapshot_download(repository, local_files_only=what == "find")
cache = scan_cache_dir()
found = [(repo.repo_id, len(revision.files), sorted(revision.refs)) for repo in cache.repos for revision in repo.revisions]
print(json.dumps({"folder": folder, "found": found, "warnings": [str(warning) for warning in cache.warnings]}))
