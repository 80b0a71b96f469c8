"""Square tables of whole numbers in the dataclasses of problems: numpy inside, a list of rows in JSON."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Rows:
    """Tells how a matrix is read from JSON, strictly, and written."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return what pydantic asks of a type that it does not know."""
        whole = core_schema.int_schema(strict=True, ge=-(2**62), le=2**62)
        return core_schema.no_info_after_validator_function(
            _matrix,
            core_schema.list_schema(core_schema.list_schema(whole)),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda matrix: matrix.tolist()),
        )


Matrix = Annotated[npt.NDArray[np.int64], Rows]


def _matrix(rows: list[list[int]]) -> npt.NDArray[np.int64]:
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("a matrix has as many columns as rows")
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))
