"""The S3 clients that s3.py compares, as the words of their commands: neuralake, aws-cli, rclone.

aws-cli is what AWS names, else aws on the PATH; rclone what RCLONE names, else rclone. rclone comes as a user starts it, and
with many streams and transfers.
"""
from measure import clean_environment
from s3_servers import ACCESS, SECRET, find


class Neuralake:
    def __init__(self, program):
        self.s3 = [program, "s3"]

    def env(self, endpoint):
        return clean_environment(endpoint)

    def copy(self, source, target):
        return self.s3 + ["cp", "--quiet", source, target]

    def copy_tree(self, source, target):
        return self.s3 + ["cp", "--quiet", "--recursive", source, target]

    def list(self, uri):
        return self.s3 + ["ls", "--recursive", uri]


class Aws:
    def __init__(self, program):
        self.program = program
        self.endpoint = None

    def env(self, endpoint):
        self.endpoint = endpoint  # Debian's version does not know AWS_ENDPOINT_URL
        return clean_environment(endpoint)

    def _s3(self, *words):
        return [self.program, "--endpoint-url", self.endpoint, "s3", *words]

    def copy(self, source, target):
        return self._s3("cp", "--quiet", source, target)

    def copy_tree(self, source, target):
        return self._s3("cp", "--quiet", "--recursive", source, target)

    def list(self, uri):
        return self._s3("ls", "--recursive", uri)


class Rclone:
    def __init__(self, program, *options):
        self.program, self.options = program, options

    def env(self, endpoint):
        settings = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": endpoint, "ACCESS_KEY_ID": ACCESS,
                    "SECRET_ACCESS_KEY": SECRET, "REGION": "us-east-1"}
        return dict(clean_environment(endpoint), RCLONE_CONFIG="/dev/null",
                    **{f"RCLONE_CONFIG_S3_{k}": v for k, v in settings.items()})

    def _words(self, *words):
        return [self.program, "--quiet", *self.options, *(w.replace("s3://", "s3:") for w in words)]

    def copy(self, source, target):
        return self._words("copyto", source, target)

    def copy_tree(self, source, target):
        return self._words("copy", source, target)

    def list(self, uri):
        return self._words("lsf", "-R", "--files-only", uri)


def clients(b, forms=None):
    """{name: client}; forms: {name: options of another rclone}."""
    found = {"neuralake": Neuralake(b.program)}
    aws, clone = find("AWS", "aws"), find("RCLONE", "rclone")
    if aws:
        found["aws-cli"] = Aws(aws)
    if clone:
        found["rclone"] = Rclone(clone)
        found.update({name: Rclone(clone, *options) for name, options in (forms or {}).items()})
    return found
