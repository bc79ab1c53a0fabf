/* The entry of the program: relocates it, then starts the C library. See src/base/start.c. */
	.text
	.globl start
	.type start, @function
start:
	xor %ebp, %ebp
	call start_relocate
	jmp _start
	.size start, . - start
	.section .note.GNU-stack, "", @progbits
