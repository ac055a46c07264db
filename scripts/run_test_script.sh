#!/bin/sh
# Run a test script: Python by the interpreter with the oracles ($NEURALAKE_TEST_PYTHON) where there is one, else by
# python3; anything else by itself. Exit code 77 means skipped.
case "$1" in
*.py) exec "${NEURALAKE_TEST_PYTHON:-python3}" "$@" ;;
*) exec "$@" ;;
esac
