#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""edk2_font.py CODE VARS >builder/screen/edk2_glyphs.inc: measures the font of UEFI firmware.  Boots
EDK2 for x86-64 (two flash files: code, and a template of the variables) into its shell, lets it type
a file of all characters it may have, and cuts the glyphs out of the screen.  They are 8x19 pixels
(MdeModulePkg, GraphicsConsoleDxe, EFI_GLYPH_WIDTH and EFI_GLYPH_HEIGHT) in the middle of the screen.
Needs a shell in the firmware, as Debian's has."""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

WIDTH, HEIGHT, COLUMNS, ROWS = 8, 19, 80, 25
LIMIT = 300  # seconds
END = b"ingot-end"
# What the standard has for texts and menus (UEFI 2.10, 34.3.3.2 and 12.4.3): ASCII, Latin-1, lines,
# blocks, arrows.
CODES = [*range(0x21, 0x7f), *range(0xa1, 0x100), *range(0x2500, 0x2570), 0x2588, 0x2591, 0x25b2, 0x25ba,
         0x25bc, 0x25c4, 0x2190, 0x2191, 0x2192, 0x2193]
PER_LINE = 32


def medium(folder):
    """What the shell runs by itself.  A file in UTF-16 with a byte order mark is typed as it is."""
    lines = ["".join(map(chr, CODES[i:i + PER_LINE])) for i in range(0, len(CODES), PER_LINE)]
    (folder / "all.txt").write_bytes("\r\n".join(lines).encode("utf-16"))
    script = f"@echo -off\r\nmode {COLUMNS} {ROWS}\r\ncls\r\ntype fs0:\\all.txt\r\necho {END.decode()}\r\n"
    (folder / "startup.nsh").write_text(script, newline="")


def ask(stream, command, **arguments):
    stream.write(json.dumps({"execute": command, "arguments": arguments}).encode())
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "return" in answer:
            return
        if "error" in answer:
            sys.exit(f"QEMU: {answer['error']['desc']}")


def screen(top, code, variables):
    """The screen, when the shell has said on its serial console that it is done."""
    medium(top / "fat")
    shutil.copy(variables, top / "vars")
    control, inner = socket.socketpair()
    machine = subprocess.Popen(
        ["qemu-system-x86_64", "-machine", "q35", "-m", "256", "-nodefaults", "-display", "none",
         "-device", "VGA", "-serial", "stdio",
         "-drive", f"if=pflash,format=raw,readonly=on,file={code}",
         "-drive", f"if=pflash,format=raw,file={top}/vars",
         "-drive", f"if=virtio,readonly=on,format=raw,file=fat:{top}/fat",
         "-chardev", f"socket,id=qmp,fd={inner.fileno()}", "-mon", "chardev=qmp,mode=control"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=[inner.fileno()])
    try:
        said = b""
        while END not in said:
            part = machine.stdout.read1(4096)
            if not part:
                sys.exit("QEMU ended early")
            said += part
        control.settimeout(LIMIT)
        stream = control.makefile("rwb")
        stream.readline()
        ask(stream, "qmp_capabilities")
        ask(stream, "screendump", filename=f"{top}/screen")
        return (top / "screen").read_bytes()
    finally:
        machine.kill()
        machine.wait()


class Picture:
    """A PPM file (P6)."""

    def __init__(self, data):
        _, size, _, self.pixels = data.split(b"\n", 3)
        self.width, self.height = map(int, size.split())
        self.left = (self.width - COLUMNS * WIDTH) // 2
        self.top = (self.height - ROWS * HEIGHT) // 2

    def row(self, column, line, y):
        start = ((self.top + line * HEIGHT + y) * self.width + self.left + column * WIDTH) * 3
        row = self.pixels[start:start + WIDTH * 3]
        return sum(1 << (7 - i) for i in range(WIDTH) if row[3 * i:3 * i + 3] != b"\0\0\0")

    def cell(self, column, line):
        return tuple(self.row(column, line, y) for y in range(HEIGHT))


def main():
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        (top / "fat").mkdir()
        picture = Picture(screen(top, sys.argv[1], sys.argv[2]))
    blank = (0,) * HEIGHT
    first = next(line for line in range(ROWS) if picture.cell(0, line) != blank)
    missing = picture.cell(CODES.index(0x2501) % PER_LINE, first + CODES.index(0x2501) // PER_LINE)
    print("/* SPDX-License-Identifier: GPL-2.0-or-later */")
    print("/* The glyphs of EDK2's text console, measured by tests/guest/edk2_font.py: a character, and 19")
    print(" * rows, the first pixel in the highest bit. */")
    for number, code in enumerate(CODES):
        glyph = picture.cell(number % PER_LINE, first + number // PER_LINE)
        if glyph in (blank, missing):
            continue
        print(f"{{0x{code:04x}, {{{', '.join(f'0x{row:02x}' for row in glyph)}}}}},")


main()
