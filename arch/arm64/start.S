/* The entry of the program: relocates it, then starts the C library. See src/base/start.c. */
	.text
	.globl start
	.type start, %function
start:
	mov x29, #0
	mov x30, #0
	bl start_relocate
	b _start
	.size start, . - start
	.section .note.GNU-stack, "", %progbits
