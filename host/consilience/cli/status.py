"""`consilience status`: who a device is and what it has counted."""

from rich.text import Text

from consilience.cli.device_option import DeviceOption, JsonOption, opened
from consilience.cli.output import Output, key_values

__all__ = ["status"]


def status(device: DeviceOption = "cpu", as_json: JsonOption = False) -> None:
    """Show a device's identity, number format, error bound and counters."""
    output = Output(as_json=as_json)
    with opened(device, output) as opened_device:
        info = opened_device.info
    identity: dict[str, object] = {
        "device": info.url,
        "board": info.board,
        "version": info.version,
        "build": info.build,
        "clock_hz": info.clock_hz,
        "format": str(info.format),
        "format_id": info.format.identifier,
        "lanes": info.lanes,
        "hypotheses": info.hypotheses,
        "components": info.components,
        "features": list(info.features),
        "error_bound_ulp": info.error_bound_ulp,
    }
    shown: dict[str, object] = {
        "device": info.url,
        "board": info.board,
        "version": f"{info.version}, build {info.build}",
        "clock": f"{info.clock_hz / 1e6:g} MHz" if info.clock_hz else "none",
        "format": f"{info.format} (id {info.format.identifier:#010x}), 1 ulp = 2^-"
        f"{info.format.fraction_bits} bit",
        "error bound": f"{info.error_bound_ulp} ulp",
        "lanes": f"{info.lanes} codes per cycle",
        "hypotheses": f"2 .. {info.hypotheses}" if info.hypotheses else "log sums alone",
        "monitor": f"1 .. {info.components} components" if info.components else "none",
        "features": ", ".join(info.features),
    }
    counters: dict[str, object] = dict(info.counters)
    output.result(
        identity | {"counters": counters},
        key_values(shown),
        "",
        Text("counters since reset", "bold"),
        key_values(counters),
    )
