"""Where a taken-in drop lies in the exchange folder, and whether its status.json is up to date."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters.beside import acts_in, fates_of
from edge_node.adapters.database import moment
from edge_node.domain.item import ItemId
from edge_node.domain.message import thaw
from edge_node.domain.record import Dossier

if TYPE_CHECKING:
    from edge_node.adapters.database import QueueFile, Row

_UNTOLD: Final = """
select id, document_id, number, notation, ref, name, folder, warnings, signatures, created,
       kind, removed
  from documents where untold = 1 order by created limit :limit
"""


class Paperwork:
    """What is still to be filed or rewritten in the exchange folder."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def untold(self, *, limit: int) -> list[Dossier]:
        """Return drops whose folder does not yet tell how they stand, oldest first."""
        return [self._dossier(row) for row in self._file.rows(_UNTOLD, {"limit": limit})]

    def filed(self, dossier: Dossier, folder: str) -> None:
        """Enter where the drop lies now, and that its folder tells what ``dossier`` says."""
        # Lost in a power cut, the folder is found by its status.json and filed once more.
        with self._file.transaction(durable=False) as transaction:
            stands = fates_of(transaction, dossier.id) == dossier.fates
            transaction.execute(
                "update documents set folder = :folder, untold = :untold where id = :id",
                {"id": dossier.id, "folder": folder, "untold": int(not stands)},
            )

    def _dossier(self, row: Row) -> Dossier:
        thawed = (thaw(text) for text in json.loads(row["warnings"]))
        return Dossier(
            id=ItemId(row["id"]),
            document_id=row["document_id"],
            number=row["number"],
            notation=row["notation"],
            ref=row["ref"],
            name=row["name"],
            folder=row["folder"],
            created=moment(row["created"]),
            fates=fates_of(self._file, row["id"]),
            warnings=tuple(warning for warning in thawed if warning),
            acts=acts_in(row),
            kind=row["kind"],
            removed=row["removed"] is not None,
        )
