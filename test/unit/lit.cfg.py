"""The gtest binaries of the build directory, as one lit suite.

Each gtest case counts as one test.
"""

import lit.formats

config.name = "QNT-Unit"
config.suffixes = []
config.test_source_root = config.qnt_unit_dir
config.test_exec_root = config.qnt_unit_dir
config.test_format = lit.formats.GoogleTest(".", "Tests")
