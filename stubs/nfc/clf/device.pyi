from nfc.clf import pn53x

usb_device_map: dict[tuple[int, int], str]

class Device:
    chipset: pn53x.Chipset
    def close(self) -> None: ...

def connect(path: str) -> Device | None: ...
