"""The salon of a box, as its file is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import structlog

from onebox.app.folder import BOOKING
from onebox.booking.reading import read_salon
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from onebox.app.folder import BoxFolder
    from onebox.booking.salon import Salon

log = structlog.get_logger(__name__)


class NoSalon(OneboxError):
    """The box has no salon, or one that is faulty."""

    code: ClassVar[str] = "no_salon"


class SalonFile:
    """Reads `booking.yaml` again when it was changed. One that is broken goes on as it was last good."""

    def __init__(self, folder: BoxFolder, time_zone: str) -> None:
        self._folder = folder
        self._time_zone = time_zone
        self._stamp: tuple[int, int] | None = None
        self._salon: Salon | None = None

    def __call__(self) -> Salon:
        """The salon. Raises NoSalon if there has been none that is sound."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read()
        if self._salon is None:
            message, hint = self._why()
            raise NoSalon(message, hint=hint)
        return self._salon

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._folder.booking.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size

    def _read(self) -> None:
        salon, faults = read_salon(BOOKING, self._folder.text_of(BOOKING), self._time_zone)
        if salon is not None:
            self._salon = salon
        elif self._salon is not None:
            log.error("salon_broken", fault=str(faults[0]))

    def _why(self) -> tuple[str, str]:
        if self._stamp is None:
            hint = f"write {BOOKING}, or begin with one: onebox init DIR --with booking"
            return f"the box {self._folder} has no salon: there is no {BOOKING}", hint
        _, faults = read_salon(BOOKING, self._folder.text_of(BOOKING), self._time_zone)
        return f"the salon is faulty: {faults[0].file}:{faults[0].line}: {faults[0].message}", "onebox check tells all"
