"""What this machine is doing: CPU, memory, GPUs; from psutil and nvidia-ml-py (extra `machine`).

A look costs a millisecond or two (GPUs more) and is never taken on the
screen's thread. What cannot be read (no GPU, no driver, no permission) is
left out, not guessed.
"""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from typing import Any, Final

INSTALL: Final = "pip install 'lossmon[machine]'"
MAX_GPUS: Final = 16


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; shares are 0 to 1, sizes are bytes. None: the driver does not say."""

    index: int
    name: str
    busy: float | None
    used: int | None
    total: int | None
    celsius: float | None
    watts: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """One look at the machine. `note` says why something is missing."""

    at: float
    """Seconds since 1970."""
    cpu: float | None = None
    """Share of all cores that was busy since the look before (0 to 1)."""
    cores: int = 0
    load: float | None = None
    """Processes that wanted to run, averaged over a minute."""
    used: int | None = None
    total: int | None = None
    """Bytes of memory; `used` is what a new process could not have."""
    gpus: tuple[Gpu, ...] = ()
    note: str = ""


def installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("psutil") is not None


class Looker:
    """Takes looks; for one thread. The first look of all has no share of CPU yet."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._gpu_note = ""
        self._begun = False

    def look(self) -> Machine:
        """Return what the machine does now."""
        try:
            import psutil
        except ImportError:
            return Machine(time.time(), note=f"CPU and memory: {INSTALL}")
        first, self._begun = not self._begun, True
        cpu = psutil.cpu_percent(interval=0.1 if first else None) / 100
        memory = psutil.virtual_memory()
        try:
            load: float | None = psutil.getloadavg()[0]
        except OSError:
            load = None
        gpus = self._gpus()
        return Machine(
            time.time(), cpu, psutil.cpu_count() or 0, load,
            memory.total - memory.available, memory.total, gpus, self._gpu_note,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            self._nvml.nvmlShutdown()
            self._nvml = None

    def _gpus(self) -> tuple[Gpu, ...]:
        if self._nvml is None and not self._gpu_note:
            self._begin_gpus()
        if self._nvml is None:
            return ()
        nvml = self._nvml
        try:
            count = min(nvml.nvmlDeviceGetCount(), MAX_GPUS)
            return tuple(_gpu(nvml, index) for index in range(count))
        except nvml.NVMLError as error:
            self._gpu_note = f"GPUs: {error}"
            self._nvml = None
            return ()

    def _begin_gpus(self) -> None:
        try:
            import pynvml
        except ImportError:
            self._gpu_note = f"GPUs: {INSTALL}"
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            self._gpu_note = "no NVIDIA GPU"
            return
        self._nvml = pynvml


def _gpu(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def ask(what: Any, *arguments: object) -> Any:
        try:
            return what(handle, *arguments)
        except nvml.NVMLError:  # not every GPU tells everything
            return None

    name = ask(nvml.nvmlDeviceGetName)
    busy = ask(nvml.nvmlDeviceGetUtilizationRates)
    memory = ask(nvml.nvmlDeviceGetMemoryInfo)
    watts = ask(nvml.nvmlDeviceGetPowerUsage)
    return Gpu(
        index,
        name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "GPU"),
        None if busy is None else busy.gpu / 100,
        None if memory is None else int(memory.used),
        None if memory is None else int(memory.total),
        ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
        None if watts is None else watts / 1000,
    )
