"""Tables of what is decided about a container before there is one."""

import os
import tempfile
import unittest

from runctl_supervisor.container.container_trainer import exit_status_of
from runctl_supervisor.container.image_name import ecr_region, parse_image_name
from runctl_supervisor.container.network import decide_network
from runctl_supervisor.container.request import container_command, container_name, decide_gpus

LINK_LOCAL = "http://169.254.169.254"
LOOPBACK = "http://127.0.0.1:4000"


class NetworkTest(unittest.TestCase):
    def test_where_a_container_runs_and_whether_the_metadata_service_is_kept_from_it(self):
        # (has a bridge, metadata is passed, endpoint): (network, dead end, warns)
        for given, expected in {
            (True, False, LINK_LOCAL): ("bridge", True, False),
            (True, False, LOOPBACK): ("bridge", False, False),
            (True, True, LINK_LOCAL): ("bridge", False, False),
            (True, True, LOOPBACK): ("host", False, False),
            (True, True, "http://localhost:4000"): ("host", False, False),
            (True, True, "http://[::1]:4000"): ("host", False, False),
            (False, False, LINK_LOCAL): ("host", False, True),
            (False, False, LOOPBACK): ("host", False, True),
            (False, True, LINK_LOCAL): ("host", False, False),
        }.items():
            with self.subTest(given=given):
                choice = decide_network(*given)
                self.assertEqual((choice.mode, choice.has_dead_end, choice.warning is not None), expected)


class GpuTest(unittest.TestCase):
    def test_GPUs_are_given_where_there_are_some_and_the_engine_can(self):
        self.assertEqual(decide_gpus(True, {"runc": {}, "nvidia": {}}, False), (True, None))
        self.assertEqual(decide_gpus(True, {"runc": {}}, True), (True, None))
        self.assertEqual(decide_gpus(False, {"runc": {}, "nvidia": {}}, True), (False, None))
        gets_some, warning = decide_gpus(True, {"runc": {}}, False)
        self.assertFalse(gets_some)
        self.assertIn("NVIDIA Container Toolkit", warning)


class CommandTest(unittest.TestCase):
    def command(self, content):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(content)
        self.addCleanup(os.unlink, file.name)
        return container_command([file.name, "a b"]), [file.name, "a b"]

    def test_a_shell_script_gets_a_shell_around_it_that_waits(self):
        for first_line in (b"#!/bin/sh", b"#! /bin/bash -e", b"#!/usr/bin/env bash", b"#!/usr/bin/env -S sh -e", b"ls"):
            with self.subTest(first_line=first_line):
                wrapped, command = self.command(first_line + b"\necho\n")
                self.assertEqual((wrapped[:2], wrapped[4:]), (["/bin/sh", "-c"], command))

    def test_everything_else_is_executed_as_it_is(self):
        for content in (b"#!/usr/bin/env python3\n", b"#!/opt/julia\n", b"\x7fELF\x02"):
            with self.subTest(content=content):
                wrapped, command = self.command(content)
                self.assertEqual(wrapped, command)
        self.assertEqual(container_command(["python3", "train.py"]), ["python3", "train.py"])

    def test_a_container_is_named_after_run_and_attempt(self):
        self.assertEqual(container_name("my.run_1", 12), "runctl-my.run_1-12")


class EndTest(unittest.TestCase):
    def test_above_128_an_exit_code_means_a_signal(self):
        for code, expected in {
            0: (0, None),
            3: (3, None),
            128: (128, None),
            137: (None, "SIGKILL"),
            143: (None, "SIGTERM"),
            255: (255, None),
        }.items():
            status = exit_status_of(code)
            self.assertEqual((status.exit_code, status.signal_name), expected, code)


class ImageNameTest(unittest.TestCase):
    def test_the_parts_of_an_image_name(self):
        digest = "sha256:" + "0" * 64
        for image, expected in {
            "python": ("docker.io", "python", "latest"),
            "pytorch/pytorch:2.9.1": ("docker.io", "pytorch/pytorch", "2.9.1"),
            "ghcr.io/team/image": ("ghcr.io", "ghcr.io/team/image", "latest"),
            "localhost/image:1": ("localhost", "localhost/image", "1"),
            "127.0.0.1:5000/team/image:1": ("127.0.0.1:5000", "127.0.0.1:5000/team/image", "1"),
            "host:5000/image": ("host:5000", "host:5000/image", "latest"),
            "host:5000/image:1@" + digest: ("host:5000", "host:5000/image", digest),
        }.items():
            name = parse_image_name(image)
            self.assertEqual((name.registry, name.repository, name.tag), expected, image)

    def test_the_region_of_a_registry_of_ECR(self):
        for registry, region in {
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "eu-west-1",
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "us-gov-west-1",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": "cn-north-1",
            "public.ecr.aws": None,
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.org": None,
            "docker.io": None,
        }.items():
            self.assertEqual(ecr_region(registry), region, registry)


if __name__ == "__main__":
    unittest.main()
