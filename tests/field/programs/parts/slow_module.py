# SPDX-License-Identifier: BSD-2-Clause
"""A module whose import takes 250 ms, as that of a large library does."""

import time

time.sleep(0.25)
