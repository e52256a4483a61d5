#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""measure_font.py edk2 CODE VARS >builder/screen/edk2_glyphs.inc
measure_font.py linux CODE VARS KERNEL BUSYBOX ROM >builder/screen/linux_glyphs.inc
measure_font.py grub UNICODE.PF2 >builder/screen/grub_glyphs.inc

Measures the fonts that no file of the host has as it is: boots EDK2 for x86-64 (two flash files:
code, and a template of the variables), lets a guest write all characters that the font may have, and
cuts the glyphs out of the screen.
- edk2: the firmware's shell does that.  8x19 pixels (MdeModulePkg, GraphicsConsoleDxe,
  EFI_GLYPH_WIDTH and EFI_GLYPH_HEIGHT) in the middle of the screen.  Needs a shell in the firmware,
  as Debian's has.
- linux: the kernel's console on the firmware's frame buffer does.  8x16 pixels, code page 437; what
  looks as in the VGA BIOS (ROM) is left out.  BUSYBOX is a static one.
- grub: no guest is needed, its font is a file (Debian: grub-common).  8x16 pixels."""
import gzip
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

COLUMNS, ROWS = 80, 25  # of EDK2's text mode
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


CP437 = [*map(ord, "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"), *range(0x21, 0x7f), 0x2302,
         *map(ord, bytes(range(0x80, 0xff)).decode("cp437"))]
FACE = bytes(16) + bytes.fromhex("00007e81a58181bd9981817e00000000")


def member(name, mode, data=b"", device=(0, 0)):
    """One of cpio(5), "New ASCII Format"."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return b"".join(part + bytes(-len(part) % 4) for part in (head, data))


def initramfs(busybox):
    lines = ["".join(map(chr, CP437[i:i + PER_LINE])) for i in range(0, len(CP437), PER_LINE)]
    init = "#!/busybox sh\n/busybox mount -t devtmpfs dev /dev\n" \
        "/busybox printf '\\033[2J\\033[H\\033[?25l' >/dev/tty0\n/busybox cat /all >/dev/tty0\n" \
        f"echo {END.decode()} >/dev/ttyS0\n/busybox sleep 1000\n"
    return gzip.compress(
        member("dev", 0o40755) + member("dev/console", 0o20600, device=(5, 1)) +
        member("busybox", 0o100755, pathlib.Path(busybox).read_bytes()) +
        member("all", 0o100644, "\n".join(lines).encode()) + member("init", 0o100755, init.encode()) +
        member("TRAILER!!!", 0))


def ask(stream, command, **arguments):
    stream.write(json.dumps({"execute": command, "arguments": arguments}).encode())
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "return" in answer:
            return
        if "error" in answer:
            sys.exit(f"QEMU: {answer['error']['desc']}")


def screen(top, code, variables, more):
    """The screen, when the guest has said on its serial console that it is done."""
    shutil.copy(variables, top / "vars")
    control, inner = socket.socketpair()
    machine = subprocess.Popen(
        ["qemu-system-x86_64", "-machine", "q35", "-m", "512", "-nodefaults", "-display", "none",
         "-device", "VGA", "-serial", "stdio",
         "-drive", f"if=pflash,format=raw,readonly=on,file={code}",
         "-drive", f"if=pflash,format=raw,file={top}/vars",
         "-chardev", f"socket,id=qmp,fd={inner.fileno()}", "-mon", "chardev=qmp,mode=control",
         *more],
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
    """A PPM file (P6), cut into cells."""

    def __init__(self, data, height, centred):
        _, size, _, self.pixels = data.split(b"\n", 3)
        self.width, lines = map(int, size.split())
        self.height = height
        self.left = (self.width - COLUMNS * 8) // 2 if centred else 0
        self.top = (lines - ROWS * height) // 2 if centred else 0

    def row(self, column, line, y):
        start = ((self.top + line * self.height + y) * self.width + self.left + column * 8) * 3
        row = self.pixels[start:start + 8 * 3]
        return sum(1 << (7 - i) for i in range(8) if row[3 * i:3 * i + 3] != b"\0\0\0")

    def cell(self, column, line):
        return bytes(self.row(column, line, y) for y in range(self.height))


def glyphs(picture, codes):
    """From the first line on that has something."""
    first = next(line for line in range(ROWS) if any(picture.cell(0, line)))
    for number, code in enumerate(codes):
        yield code, picture.cell(number % PER_LINE, first + number // PER_LINE)


def edk2(top, arguments):
    (top / "fat").mkdir()
    medium(top / "fat")
    more = ["-drive", f"if=virtio,readonly=on,format=raw,file=fat:{top}/fat"]
    found = dict(glyphs(Picture(screen(top, *arguments, more), 19, True), CODES))
    missing = found[0x2501]  # the standard does not have this one
    return "EDK2's text console", {code: glyph for code, glyph in found.items() if glyph != missing}


def linux(top, arguments):
    code, variables, kernel, busybox, rom = arguments
    (top / "initrd").write_bytes(initramfs(busybox))
    more = ["-kernel", kernel, "-initrd", f"{top}/initrd", "-append", "console=tty0 quiet"]
    found = dict(glyphs(Picture(screen(top, code, variables, more), 16, False), CP437))
    table = pathlib.Path(rom).read_bytes()
    table = table[table.index(FACE):]
    for number, code in enumerate(CP437, 1):
        if found[code] == table[number * 16 + (number > 31) * 16:][:16]:
            del found[code]
    return "Linux's console that differ from those of the VGA BIOS", found


def grub(_, arguments):
    """PFF2: sections with a name and a length, an index of characters, pictures without any padding
    (GRUB, docs/font_char_metrics.txt and font/font.c); the letters stand on a line below the 14th row."""
    data = pathlib.Path(arguments[0]).read_bytes()
    index = data.index(b"CHIX")
    found = {}
    for at in range(index + 8, index + 8 + struct.unpack_from(">I", data, index + 4)[0], 9):
        code, _, offset = struct.unpack_from(">IBI", data, at)
        width, height, left, bottom, step = struct.unpack_from(">HHhhh", data, offset)
        if code not in CODES or step != 8:
            continue
        bits = int.from_bytes(data[offset + 10:offset + 10 + (width * height + 7) // 8], "big")
        bits >>= -(width * height) % 8
        rows = [0] * 16
        for y in range(height):
            row = bits >> (height - 1 - y) * width & (1 << width) - 1
            rows[14 - bottom - height + y] = row << 8 - width - left
        found[code] = bytes(rows)
    return "GRUB's graphical terminal", {code: found[code] for code in CODES if code in found}


def main():
    with tempfile.TemporaryDirectory() as name:
        of, found = {"edk2": edk2, "linux": linux, "grub": grub}[sys.argv[1]](pathlib.Path(name), sys.argv[2:])
    print("/* SPDX-License-Identifier: GPL-2.0-or-later */")
    print(f"/* The glyphs of {of}, made by")
    print(" * tests/guest/measure_font.py: a character, and its rows, the first pixel in the highest bit. */")
    for code, glyph in found.items():
        if any(glyph):
            print(f"{{0x{code:04x}, {{{', '.join(f'0x{row:02x}' for row in glyph)}}}}},")


main()
