/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first sector of a disk: fills lines of the screen in text mode with all printable characters,
 * each line in other colours, then shows what is typed on the 21st line.  In test_screen.c as bytes
 * ("as" and "objcopy -O binary" make them).  Loaded at 0x7c00 in real mode; BIOS calls 0x10 (video)
 * and 0x16 (keyboard).
 */
	.code16
start:
	cld
	movw	$3, %ax			/* 80x25, cleared */
	int	$0x10
	movw	$0xb800, %ax
	movw	%ax, %es
	xorw	%di, %di
	movw	$attributes - start + 0x7c00, %si
	xorw	%ax, %ax
	movw	%ax, %ds
next:
	lodsb
	testb	%al, %al
	jz	keys
	movb	%al, %ah
	movb	$0x20, %al
draw:
	stosw
	incb	%al
	cmpb	$0x7f, %al
	jne	draw
	addw	$2 * (160 - 95), %di	/* two lines each */
	jmp	next
keys:
	movb	$2, %ah			/* the cursor to line 20 */
	movb	$0, %bh
	movw	$0x1400, %dx
	int	$0x10
key:
	movb	$0, %ah
	int	$0x16
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	jmp	key
attributes:
	.byte	0x07, 0x70, 0x1e, 0x4f, 0x6a, 0
