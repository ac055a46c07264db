#!/usr/bin/env bash
# Put the help of every command into docs/reference/commands.md, after a command has changed: the tests compare them.
#
#     scripts/commands_page.sh [build/neuralake]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/neuralake}
page=docs/reference/commands.md
python3 - "$program" "$page" <<'PYTHON'
import re, subprocess, sys
program, page = sys.argv[1:]
text = open(page, encoding="utf-8").read()
def fresh(block):
    words = block.group(1).split()[1:]
    printed = subprocess.run([program] + words, capture_output=True, text=True, check=True).stdout
    return f"```sh\n{block.group(1)}\n```\n```output\n{printed}```\n"
text = re.sub(r"```sh\n(neuralake [a-z0-9 ]*--help)\n```\n```output\n.*?\n```\n", fresh, text, flags=re.S)
open(page, "w", encoding="utf-8").write(text)
PYTHON
