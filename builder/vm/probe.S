/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest of the accelerator probe: one page of firmware.  It does, in a few hundred bytes, what a
 * kernel does before it can say anything: real, protected and long mode with paging, SSE, MSRs, a
 * page fault, timer interrupts, a second processor, and enough plain work that a processor which is
 * emulated one instruction at a time cannot finish it in time.  Each step done is its number
 * (1 to 8, bytes that no message has) on port 0xe9 (isa-debugcon); the end is 0x2a on port 0xf4
 * (isa-debug-exit).  Nothing is decided here: a step that fails stops, and the host's deadline does
 * the rest.
 *
 * Measured on a host whose KVM emulates each instruction of a guest: SSE is an emulation failure;
 * with that step left out all others pass, and the work (0.1 s under TCG) takes minutes.
 *
 * References: Intel SDM volume 3A, chapters 4 (paging), 6 (interrupts), 9.8.5 (entering IA-32e
 * mode), 10 (APIC); volume 4, table 2-2 (MSRs).
 *
 * The page is the last one of the firmware: it is at 0xfffff000 and, through the chipset's alias of
 * the firmware below 1 MiB, at 0xff000.  It uses the first megabyte of RAM as it finds it (zeros):
 *   0x1000 PML4, 0x2000 PDPT, 0x3000-0x6fff four page directories, 0x7000 IDT,
 *   0x8000 work, 0x8008 ticks, 0x8010 processors up, 0x8018 shared count,
 *   0x9000 and 0xa000 the ends of the two stacks, 0xb000 FXSAVE area.
 * probe_bytes.h is the same as bytes; test_probe assembles this file and compares.
 */
	.set	BASE, 0xff000
	.set	APIC, 0xfee00000
	.set	WORK, 10000000
	.set	SHARE, 50000

	.macro	say step
	movb	$\step, %al
	outb	%al, $0xe9
	.endm

	.code16
	.globl	page
page:
	/* Both processors enter here at ff00:0000: the first by the jump at the foot of the page, the
	 * second by a start-up IPI with vector 0xff. */
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	say	1
	lgdtl	gdt_pointer - page
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* CD and NW off */
	orb	$1, %al			/* PE */
	movl	%eax, %cr0
	ljmpl	$8, $BASE + protected - page

	.code32
protected:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	say	2
	movl	$0x1b, %ecx		/* IA32_APIC_BASE: bit 8 marks the first processor */
	rdmsr
	movl	$0xa000, %esp
	testb	$1, %ah
	jz	paging
	movl	$0x9000, %esp
	movl	$0x2007, 0x1000		/* PML4[0] */
	movl	$0x2000, %edi
	movl	$0x3007, %eax
1:	movl	%eax, (%edi)		/* PDPT[0..3] */
	addl	$8, %edi
	addl	$0x1000, %eax
	cmpl	$0x7007, %eax
	jne	1b
	movl	$0x3000, %edi
	movl	$0x87, %eax
1:	movl	%eax, (%edi)		/* 4 GiB as pages of 2 MiB */
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b
paging:
	movl	%cr4, %eax
	orl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$0x1000, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER: LME */
	rdmsr
	orb	$1, %ah
	wrmsr
	movl	%cr0, %eax
	andb	$0xfb, %al		/* EM off */
	orl	$0x80000002, %eax	/* PG, MP */
	movl	%eax, %cr0
	ljmpl	$0x18, $BASE + long_mode - page

	.code64
long_mode:
	say	3
	cmpl	$0xa000, %esp
	je	second

	/* SSE: 1 + 1 in each lane, and the state saved as a kernel saves it. */
	movabsq	$0x0000000100000002, %rax
	movq	%rax, %xmm0
	paddd	%xmm0, %xmm0
	movq	%xmm0, %rbx
	addq	%rax, %rax
	cmpq	%rax, %rbx
	jne	stop
	fxsave	0xb000
	say	4

	/* MSRs: LSTAR reads back, GS_BASE moves a segment, the time stamp counter runs. */
	movl	$0xc0000082, %ecx
	movl	$0xffffffff, %edx
	movl	$0x81000000, %eax
	wrmsr
	xorl	%eax, %eax
	rdmsr
	cmpl	$0x81000000, %eax
	jne	stop
	movl	$0xc0000101, %ecx
	xorl	%edx, %edx
	movl	$0x8000, %eax
	wrmsr
	movl	$0x1234, 0x8000
	cmpl	$0x1234, %gs:0
	jne	stop
	xorl	%eax, %eax
	cpuid
	testl	%eax, %eax
	jz	stop
	rdtsc
	movl	%eax, %esi
1:	pause
	rdtsc
	cmpl	%esi, %eax
	je	1b
	say	5

	/* A page fault at 4 GiB: its handler maps that to the first GiB. */
	movl	$0x70e0, %edi		/* IDT[14] */
	movl	$BASE + on_fault - page, %eax
	call	gate
	movl	$0x7200, %edi		/* IDT[32] */
	movl	$BASE + on_tick - page, %eax
	call	gate
	lidt	idt_pointer - page + BASE
	movabsq	$0x100008000, %rbx
	cmpl	$0x1234, (%rbx)
	jne	stop
	say	6

	/* The APIC's timer: three interrupts out of HLT. */
	movl	$APIC, %ebx
	movl	$0x1ff, 0xf0(%rbx)	/* enabled; spurious vector 0xff */
	movl	$0xb, 0x3e0(%rbx)	/* divide by 1 */
	movl	$0x20020, 0x320(%rbx)	/* periodic, vector 32 */
	movl	$1000000, 0x380(%rbx)
1:	sti
	hlt
	cli
	cmpl	$3, 0x8008
	jb	1b
	say	7

	/* The second processor: INIT, then a start-up IPI per tick until it says that it is up. */
	movl	$0xc4500, 0x300(%rbx)
1:	sti
	hlt
	cli
	movl	$0xc46ff, 0x300(%rbx)
	cmpl	$0, 0x8010
	je	1b
	call	share
1:	pause
	cmpl	$2 * SHARE, 0x8018
	jne	1b
	say	8

	movl	$WORK, %ecx
1:	addl	%ecx, 0x8000
	decl	%ecx
	jnz	1b
	movb	$0x2a, %al
	outb	%al, $0xf4
stop:
	cli
	hlt
	jmp	stop

second:
	lock incl 0x8010
	call	share
	jmp	stop

	/* Both processors at once on one counter. */
share:
	movl	$SHARE, %ecx
1:	lock incl 0x8018
	decl	%ecx
	jnz	1b
	ret

	/* edi: an IDT entry, eax: the handler (below 1 MiB); an interrupt gate in segment 0x18. */
gate:
	movl	%eax, %edx
	andl	$0xffff, %edx
	orl	$0x180000, %edx
	movl	%edx, (%rdi)
	xorw	%ax, %ax
	orl	$0x8e00, %eax
	movl	%eax, 4(%rdi)
	ret

on_fault:
	movl	$0x3007, 0x2020		/* PDPT[4]: as PDPT[0] */
	addq	$8, %rsp		/* the error code */
	iretq

on_tick:
	incl	0x8008
	movl	$0, 0xb0(%rbx)		/* end of interrupt; rbx is the APIC whenever they are on */
	iretq

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08 32-bit code */
	.quad	0x00cf93000000ffff	/* 0x10 data */
	.quad	0x00af9b000000ffff	/* 0x18 64-bit code */
gdt_pointer:
	.word	. - gdt - 1
	.long	BASE + gdt - page
idt_pointer:
	.word	0x20f
	.quad	0x7000
end:

	/* The reset vector. */
	.org	0xff0, 0xff
	.code16
	ljmpw	$0xff00, $0
	.org	0x1000, 0xff
