"""What a script says that it needs: found in the right place, installed for real, told when it cannot be."""

import os
import signal
import sys
import tempfile
import unittest

from runctl_supervisor.preparation_failure import PreparationFailure
from runctl_supervisor.preparing.dependencies import find_declaration
from runctl_supervisor.preparing.python_versions import is_python_accepted

from .support.instance import SupervisorTest, attempt, wait_until
from .support.packages import can_install, find_uv, give_tools, wheel, wheel_name

TINY = "wheels/" + wheel_name("tinypkg", "1.0")
SCRIPT = "import sys, tinypkg; print('tinypkg', tinypkg.VERSION, sys.prefix, flush=True)\n"
REQUIREMENTS = "--no-index\n--find-links ./wheels\ntinypkg==1.0\n"
PROJECT = '[project]\nname = "p"\nversion = "1"\ndependencies = [%s]\n'
HEADER = "# /// script\n# requires-python = '%s'\n# dependencies = [%s]\n# ///\n"
BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
# Makes the project importable from where it lies, as the editable builds of setuptools or hatchling do.
EDITABLE_BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "p-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as file:
        file.writestr("p.pth", os.path.abspath("src") + "\\n")
        file.writestr("p-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: p\\nVersion: 1\\n")
        file.writestr("p-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        file.writestr("p-1.dist-info/RECORD", "p.pth,,\\np-1.dist-info/METADATA,,\\np-1.dist-info/WHEEL,,\\np-1.dist-info/RECORD,,\\n")
    return name
"""
# A package whose build never ends; its process says so in its name.
HANGS = {
    "train.py": "print('never')",
    "requirements.txt": "./hangs\n",
    "hangs/pyproject.toml": BUILD_SYSTEM,
    "hangs/backend.py": "import tempfile, time\ntempfile.mkdtemp()\nopen('/proc/self/comm', 'w').write('hangs')\ntime.sleep(600)\n",
}


def needs(kind):
    """The files of a project that needs tinypkg, and says so in this way; `%(code)s` is its folder on the instance."""
    files = {"train.py": SCRIPT, TINY: wheel("tinypkg", "1.0")}
    reference = '"tinypkg @ file://%%s/%s"' % TINY
    if kind == "requirements.txt":
        files[kind] = REQUIREMENTS
    elif kind == "pyproject.toml":
        files[kind] = PROJECT % reference
    else:
        files["train.py"] = HEADER % (">=3.9", reference) + SCRIPT
    return files


class InstallationTest(SupervisorTest):
    uv = None

    def setUp(self):
        super().setUp()
        give_tools(self.instance, self.uv)

    def environments(self):
        folder = os.path.join(self.instance.root, "environments")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def run_to_end(self, files, attempt_number=1, **changes):
        """Runs the project; the report of the end and the log."""
        code = self.instance.path("code")
        filled = {name: text % code if isinstance(text, str) and "file://%s" in text else text for name, text in files.items()}
        self.start(filled, attempt_number=attempt_number, dependencies="auto", **changes)
        report = self.wait_for_state("ended", seconds=60)
        return report, self.instance.read("training.log")

    def check_installed(self, kind, tool):
        report, log = self.run_to_end(needs(kind))
        self.assertIsNone(report["preparationFailure"])
        self.assertEqual(report["result"]["exitCode"], 0, log)
        (environment,) = self.environments()
        folder = os.path.join(self.instance.root, "environments", environment)
        self.assertIn("tinypkg 1.0 %s\n" % folder, log)
        source = "train.py" if kind == "PEP 723" else kind
        self.assertTrue(log.startswith("runctl: installing what %s names with %s\n" % (source, tool)), log)
        published = b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/"))
        self.assertEqual(published.decode(), log)


@unittest.skipIf(not can_install(), "THIS PYTHON HAS NEITHER pip NOR ensurepip: install python3-venv to let these tests run")
class PipTest(InstallationTest):
    def test_requirements_txt_is_installed_before_the_script_starts(self):
        self.check_installed("requirements.txt", "pip")

    def test_the_dependencies_of_pyproject_toml_are_installed(self):
        self.check_installed("pyproject.toml", "pip")

    def test_the_header_of_the_script_is_installed_and_wins(self):
        files = {**needs("PEP 723"), "requirements.txt": "--no-index\nno-such-package\n"}
        report, log = self.run_to_end(files)
        self.assertEqual(report["result"]["exitCode"], 0, log)

    def test_a_script_that_needs_nothing_runs_with_the_python_of_the_machine(self):
        files = {"train.py": "import sys; print(sys.prefix)", "requirements.txt": "# nothing\n\n"}
        report, log = self.run_to_end(files)
        self.assertEqual((report["result"]["exitCode"], log), (0, sys.base_prefix + "\n"))
        self.assertEqual(self.environments(), [])

    def test_nothing_is_installed_when_nothing_should_be(self):
        self.start(needs("requirements.txt"), dependencies="none")
        self.assertEqual(self.wait_for_state("ended")["result"]["exitCode"], 1)
        self.assertIn("No module named 'tinypkg'", self.instance.read("training.log"))

    def test_the_next_attempt_on_the_instance_finds_its_environment_ready_and_other_needs_get_another(self):
        wheels = {"wheels/" + wheel_name("tinypkg", each): wheel("tinypkg", each) for each in ("1.0", "2.0")}
        files = {**wheels, "train.py": SCRIPT, "requirements.txt": "tinypkg==1.0\n"}
        variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.instance.path("code", "wheels")}

        def log_of(attempt_number, requirement):
            changed = {"train.py": SCRIPT, **files, "requirements.txt": requirement + "\n"}
            report, log = self.run_to_end(changed, attempt_number=attempt_number, environment=variables)
            self.assertEqual(report["result"]["exitCode"], 0, log)
            self.instance.verb("clean-up", attempt(attempt_number))
            return log

        self.assertIn("runctl: installing what requirements.txt names with pip\n", log_of(1, "tinypkg==1.0"))
        again = log_of(2, "tinypkg==1.0")
        self.assertTrue(again.startswith("runctl: what requirements.txt names is installed already\n"), again)
        self.assertIn("tinypkg 1.0", again)
        self.assertIn("tinypkg 2.0", log_of(3, "tinypkg==2.0"))
        self.assertEqual(len(self.environments()), 2)

    def test_a_project_with_a_build_system_is_importable_and_always_of_this_attempt(self):
        files = {
            "train.py": "import mine; print('mine', mine.VALUE)",
            "pyproject.toml": BUILD_SYSTEM + PROJECT % ('"tinypkg @ file://%%s/%s"' % TINY),
            "backend.py": EDITABLE_BACKEND,
            "src/mine.py": "VALUE = 1\n",
            TINY: wheel("tinypkg", "1.0"),
        }
        for number in (1, 2):
            changed = {**files, "src/mine.py": "VALUE = %d\n" % number}
            report, log = self.run_to_end(changed, attempt_number=number)
            self.assertEqual(report["result"]["exitCode"], 0, log)
            self.assertIn("mine %d\n" % number, log)

    def test_an_installation_that_fails_says_why_and_starts_no_script(self):
        files = {**needs("requirements.txt"), "requirements.txt": "--no-index\nno-such-package==9\n"}
        report, log = self.run_to_end(files)
        failure = report["preparationFailure"]
        self.assertEqual(failure["code"], "dependencies-failed")
        self.assertIn("pip install failed with exit code 1:\n", failure["message"])
        self.assertIn("No matching distribution found for no-such-package==9", failure["message"])
        self.assertLessEqual(len(failure["message"].encode()), 600)
        self.assertIsNone(report["trainer"])
        self.assertIn("No matching distribution found", log)
        published = b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/"))
        self.assertEqual(published.decode(), log)
        self.assertEqual(self.instance.verb("status")["report"]["preparationFailure"], failure)

    def test_what_an_installation_prints_is_no_progress_and_no_end_of_the_script(self):
        files = {"train.py": "for step in range(1, 4): print('step %d/3' % step, flush=True)\n", TINY: wheel("tinypkg", "1.0")}
        files["requirements.txt"] = "--no-index\n--find-links ./step=900/wheels\n--find-links ./wheels\ntinypkg\n"
        report, log = self.run_to_end(files, logPattern="Looking in links.*step=900")
        self.assertIn("step=900", log)
        self.assertEqual((report["firstStep"], report["progress"]["step"]), (1, 3))
        self.assertEqual(report["result"]["stopCause"], "own-accord")

    def test_a_notice_during_an_installation_ends_it_with_all_its_processes(self):
        self.start(HANGS, dependencies="auto")
        wait_until(lambda: b"hangs\n" in self.commands(), "the build", 40)
        self.assertTrue(os.listdir(self.instance.path("installation")))
        self.cloud.interrupt(60)
        result = self.wait_for_state("ended")["result"]
        self.assertEqual((result["stopCause"], result["exitCode"]), ("interruption", None))
        self.assertFalse(os.path.exists(self.instance.path("installation")))
        self.assertNotIn(b"hangs\n", self.commands())
        wait_until(lambda: not self.instance.processes(), "nothing is left")

    def commands(self):
        names = []
        for pid in self.instance.processes():
            try:
                with open("/proc/%d/comm" % pid, "rb") as file:
                    names.append(file.read())
            except OSError:
                continue
        return names

    def test_a_python_that_the_script_cannot_use_is_told(self):
        report, _ = self.run_to_end({"train.py": HEADER % (">=3.99", "") + "print(1)"})
        failure = report["preparationFailure"]
        self.assertEqual(failure["code"], "dependencies-failed")
        self.assertIn("train.py needs Python >=3.99; python3 on the instance is 3.", failure["message"])

    def test_after_the_supervisor_was_killed_in_an_installation_the_next_attempt_begins_anew(self):
        self.start(HANGS, dependencies="auto")
        wait_until(lambda: b"hangs\n" in self.commands(), "the build", 40)
        os.kill(self.instance.report()["supervisor"]["pid"], signal.SIGKILL)
        self.assertEqual(self.instance.report()["state"], "gone")
        report, log = self.run_to_end(needs("requirements.txt"), attempt_number=2)
        self.assertEqual(report["result"]["exitCode"], 0, log)
        self.assertNotIn(b"hangs\n", self.commands())
        self.assertFalse(os.path.exists(self.instance.path("installation")))
        self.assertEqual(len(self.environments()), 1)


@unittest.skipIf(find_uv() is None, "THERE IS NO uv ON THIS MACHINE: `python3 -m pip install uv` lets these tests run")
class UvTest(InstallationTest):
    uv = find_uv()

    def test_uv_installs_requirements_txt(self):
        self.check_installed("requirements.txt", "uv")

    def test_uv_installs_the_dependencies_of_pyproject_toml(self):
        self.check_installed("pyproject.toml", "uv")

    def test_uv_installs_the_header_of_the_script(self):
        self.check_installed("PEP 723", "uv")


class DeclarationTest(unittest.TestCase):
    """Where needs are looked for; files only, nothing is installed."""

    def found(self, files, script="train.py"):
        with tempfile.TemporaryDirectory(prefix="runctl-test-") as folder:
            for name, text in {script: "", **files}.items():
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            return find_declaration(folder, script)

    def test_the_nearest_file_counts_and_a_header_before_all(self):
        header = HEADER % (">=3.9", '"a"')
        project = PROJECT % '"b"'
        rows = [
            ({}, "train.py", None),
            ({"requirements.txt": "a\n", "pyproject.toml": project}, "train.py", "requirements.txt"),
            ({"requirements.txt": "# a\n\n", "pyproject.toml": project}, "train.py", "pyproject.toml"),
            ({"pyproject.toml": PROJECT % ""}, "train.py", None),
            ({"pyproject.toml": "[tool.black]\nline-length = 100\n"}, "train.py", None),
            ({"requirements.txt": "a\n"}, "deep/down/train.py", "requirements.txt"),
            ({"requirements.txt": "a\n", "deep/pyproject.toml": project}, "deep/down/train.py", "deep/pyproject.toml"),
            ({"other/requirements.txt": "a\n"}, "deep/train.py", None),
            ({"train.py": header, "requirements.txt": "a\n"}, "train.py", "train.py"),
            ({"train.py": "# /// script\n# dependencies = []\n# ///\n", "requirements.txt": "a\n"}, "train.py", None),
            ({"train.py": header.replace("\n", "\r\n")}, "train.py", "train.py"),
            ({"train.py": "# /// other\n# dependencies = ['a']\n# ///\n"}, "train.py", None),
        ]
        for files, script, source in rows:
            found = self.found(files, script)
            self.assertEqual(found and found.source, source, files)

    def test_a_project_with_a_build_system_is_installed_itself(self):
        build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        self.assertFalse(self.found({"pyproject.toml": PROJECT % '"a"'}).installs_project)
        self.assertTrue(self.found({"pyproject.toml": build + PROJECT % '"a"'}).installs_project)
        dynamic = build + '[project]\nname = "p"\ndynamic = ["version", "dependencies"]\n'
        self.assertTrue(self.found({"pyproject.toml": dynamic}).is_dynamic)
        self.assertTrue(self.found({"pyproject.toml": build + '[tool.poetry.dependencies]\npython = "^3.9"\n'}).is_dynamic)

    def test_equal_words_that_may_mean_other_code_are_told_from_those_that_may_not(self):
        for line, points in (
            ("torch==2.1", False),
            ("numpy>=1,<2 ; python_version < '3.12'", False),
            ("pkg @ https://example.org/a.whl", False),
            ("--index-url https://example.org/simple", False),
            ("-e .", True),
            (".", True),
            ("./libs/a", True),
            ("../a", True),
            ("libs/a.whl", True),
            ("a @ file:///code/a", True),
            ("--find-links wheels", True),
        ):
            self.assertEqual(self.found({"requirements.txt": line + "\n"}).points_into_code, points, line)

    def test_included_files_belong_to_what_is_asked_for(self):
        files = {"requirements.txt": "-r more/base.txt\n", "more/base.txt": "a\n-c limits.txt\n", "more/limits.txt": "a<2\n"}
        self.assertEqual(self.found(files).texts, ("-r more/base.txt\n", "a\n-c limits.txt\n", "a<2\n"))
        self.assertEqual(len(self.found({"requirements.txt": "-r requirements.txt\na\n"}).texts), 1)

    def test_what_cannot_be_read_is_named(self):
        rows = [
            ({"pyproject.toml": "[project\n"}, "pyproject.toml cannot be read"),
            ({"pyproject.toml": '[project]\ndependencies = "a"\n'}, "project.dependencies is no list of texts"),
            ({"train.py": "# /// script\n# dependencies = [\n# ///\n"}, "the header of train.py cannot be read"),
            ({"train.py": 2 * (HEADER % (">=3.9", "") + "\n")}, "two `# /// script` blocks"),
        ]
        for files, message in rows:
            with self.assertRaises(PreparationFailure) as raised:
                self.found(files)
            self.assertIn(message, raised.exception.message)
            self.assertEqual(raised.exception.code, "dependencies-failed")

    def test_requires_python_is_read_as_the_standard_says(self):
        for text, version, is_accepted in (
            (">=3.9", (3, 9, 0), True),
            (">=3.9", (3, 8, 18), False),
            (">=3.10", (3, 9, 18), False),
            (">=3.9,<3.12", (3, 12, 1), False),
            (">=3.9, <4", (3, 13, 0), True),
            ("==3.11.*", (3, 11, 7), True),
            ("==3.11.*", (3, 12, 0), False),
            ("!=3.11.*", (3, 11, 7), False),
            ("~=3.9", (3, 13, 0), True),
            ("~=3.9.2", (3, 10, 0), False),
            ("~=3.9.2", (3, 9, 1), False),
            ("==3.11.7", (3, 11, 7), True),
            (">3.10", (3, 10, 0), False),
            ("<=3.11", (3, 11, 7), False),
            ("", (3, 9, 0), True),
        ):
            self.assertEqual(is_python_accepted(text, version), is_accepted, (text, version))


if __name__ == "__main__":
    unittest.main()
