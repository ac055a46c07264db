"""What S3 does, held against a server: the embedded one, or the one that NEURALAKE_TEST_S3_ENDPOINT names.

    python3 tests/interop/s3_conformance.py [SECTION…]        "listing", "multipart.told_apart"; all without one

Keys and region come by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION. Known departures of other servers are below
conformance/departures.py, each with its reason. NEURALAKE_TEST_S3_SERVER says which server it is, where its answers do not.
"""

import sys

sys.dont_write_bytecode = True

from conformance import buckets, departures, keys, listing, multipart, objects, signing
from conformance.suite import Suite, find_endpoint

MODULES = [keys, listing, objects, multipart, signing, buckets]


def main(wanted):
    endpoint = find_endpoint()
    suite = Suite(endpoint, departures.KNOWN.get(endpoint.kind, {}))
    for module in MODULES:
        name = module.__name__.rpartition(".")[2]
        for section in module.SECTIONS:
            if not wanted or name in wanted or f"{name}.{section.__name__}" in wanted:
                suite.run(section)
    suite.clean()
    return suite.report()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
