"""Validates the lists of components in a folder with the libraries of CycloneDX and SPDX."""

import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

folder = pathlib.Path(sys.argv[1])
faults = []
cyclonedx = sorted(folder.glob("*.cdx.json"))
spdx = sorted(folder.glob("*.spdx.json"))
if len(cyclonedx) != 2 or len(spdx) != 2:
    faults.append(f"there are {len(cyclonedx)} and {len(spdx)} lists in {folder}, not 2 and 2")
for file in cyclonedx:
    fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(file.read_text())
    if fault is not None:
        faults.append(f"{file.name}: {fault}")
for file in spdx:
    faults += [f"{file.name}: {fault}" for fault in validate_full_spdx_document(parse_file(str(file)))]
sys.exit("\n".join(map(str, faults)) or 0)
