"""The checks of the house find what they say they find: each on the smallest tree that breaks one rule."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import unit  # noqa: E402

MAP = "base:\narrow: base\nstore: base\nserver/http: base\nscan: arrow\n"


def source(name, body="", comment="what it is for"):
    return f"/* {name}: {comment}. */\n{body}"


class Tree(unittest.TestCase):
    """A folder with a few files, and a check run over it."""

    script = ""
    always = {"src/ROOMS": MAP}

    def run_on(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**self.always, **files}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w") as f:
                    f.write(text)
            r = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", self.script), root],
                               capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 1 if r.stdout else 0, r.stdout + r.stderr)
        return r.stdout

    def finds(self, files, *parts):
        out = self.run_on(files)
        for part in parts:
            self.assertIn(part, out)
        self.assertEqual(len(out.splitlines()), len(parts), out)

    def clean(self, files):
        self.assertEqual(self.run_on(files), "")


class Rooms(Tree):
    script = "lint_rooms.py"
    headers = {f"src/{room}/a.h": "" for room in ("base", "arrow", "store", "server/http", "scan")}

    def including(self, path, *targets):
        return {**self.headers, path: "".join(f"#include {t}\n" for t in targets)}

    def test_what_the_line_allows_passes(self):
        self.clean(self.including("src/scan/b.c", '"scan/a.h"', '"base/a.h"', '"arrow/a.h"', "<stdio.h>"))

    def test_a_room_that_the_line_does_not_name(self):
        self.finds(self.including("src/scan/b.c", '"store/a.h"'), "src/scan/b.c:1: room scan may not include store/a.h")

    def test_a_room_inside_a_folder_is_its_own(self):
        self.finds(self.including("src/store/b.c", '"server/http/a.h"'), "room server/http")

    def test_upwards_is_not_allowed(self):
        self.finds(self.including("src/base/b.c", '"arrow/a.h"'), "room base may not include")

    def test_includes_relative_to_the_file(self):
        self.finds(self.including("src/base/b.c", '"a.h"'), "not a path below src/")

    def test_includes_in_comments_are_none(self):
        self.clean({**self.headers, "src/base/b.c": '/*\n#include "arrow/a.h"\n*/\n'})

    def test_a_folder_that_is_no_room(self):
        self.finds({"src/attic/b.c": ""}, "is in no room")

    def test_a_map_with_a_circle(self):
        self.finds({"src/ROOMS": "base:\na: b\nb: a\n"}, "names b, which has no line above it")

    def test_headers_in_a_circle(self):
        self.finds({"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": '#include "base/a.h"\n'}, "a circle")

    def test_public_headers_show_nothing_private(self):
        self.finds(self.including("include/neuralake/x.h", '"base/a.h"'), "are public")

    def test_a_test_reaches_what_its_room_reaches(self):
        self.clean({**self.including("tests/scan/t.c", '"base/a.h"', '"support/check.h"'), "tests/support/check.h": ""})
        self.finds(self.including("tests/scan/t.c", '"store/a.h"'), "a test of room scan may not include")


def function(name, lines):
    return f"int {name}(void)\n{{\n" + "    ;\n" * (lines - 3) + "}\n"


class Shape(Tree):
    script = "lint_shape.py"
    always = {"src/ROOMS": "base:\n", "src/base/README.md": "# base\n"}

    def test_a_tidy_room_passes(self):
        self.clean({"src/base/a.c": source("a.c", function("f", 60)),
                    "src/base/a.h": source("a.h", "/* What f does. */\nint f(void);\nint g(void);\n")})

    def test_a_long_function(self):
        self.finds({"src/base/a.c": source("a.c", function("f", 61))}, "src/base/a.c:2: f has 61 lines")

    def test_an_exception_with_its_reason_and_without(self):
        long = {"src/base/a.c": source("a.c", function("f", 61))}
        exceptions = "scripts/lint_exceptions.txt"
        self.clean({**long, exceptions: "src/base/a.c f a table\n"})
        self.finds({**long, exceptions: "src/base/a.c f\n"}, "gives no reason")
        self.finds({exceptions: "src/base/a.c f a table\n"}, "needs no exception any more")

    def test_a_long_file(self):
        self.finds({"src/base/a.c": source("a.c", "\n" * 800)}, "801 lines")

    def test_banned_calls_but_not_in_words(self):
        self.finds({"src/base/a.c": source("a.c", 'void f(char *a)\n{\n    strcpy(a, "");\n    exit(1);\n}\n')},
                   "strcpy() is banned", "exit() outside src/cli")
        self.clean({"src/base/a.c": source("a.c", 'const char *s = "strcpy(a, b)"; /* strcat(a, b) */\n')})
        self.clean({"src/base/a.c": source("a.c", "void f(struct s *o)\n{\n    o->exit(1);\n    my_strcpy(o);\n}\n")})

    def test_a_file_says_what_it_is_for(self):
        self.finds({"src/base/a.c": "int x;\n"}, "does not open with")
        self.finds({"src/base/a.c": source("b.c")}, "does not open with")

    def test_a_prototype_without_a_comment(self):
        self.finds({"src/base/a.h": source("a.h", "#include <stdio.h>\n\nint f(void);\n")}, "f has no comment")
        self.finds({"src/base/a.h": source("a.h", "/* F. */\nint f(void);\n\nint g(int a,\n      int b);\n")},
                   "g has no comment")
        self.clean({"src/base/a.h": source("a.h", "struct s {\n    int (*f)(void);\n};\n\nint g(void); /* G. */\n")})

    def test_a_room_without_its_page(self):
        self.finds({"src/ROOMS": "base:\narrow: base\n", "src/arrow/a.c": source("a.c")}, "no README.md")

    def test_words_of_one_machine(self):
        self.finds({"docs/x.md": "see /wo" + "rk/main\n"}, "a path of one machine")
        self.finds({"package-lock.json": '"resolved": "https://registry.npm' + 'js.org/x"\n'}, "a registry's host")

    def test_marks_of_work_not_done(self):
        self.finds({"src/base/a.c": source("a.c", "/* TO" + "DO */\n")}, "do it")


if __name__ == "__main__":
    unit.main()
