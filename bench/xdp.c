/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file xdp.c  A network device that drops what it receives
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench/xdp.h"

enum {
	UDP_PORT_OFF = 14 + 20 + 2,    /* Ethernet, IPv4 without options */
	UDP_PORT_END = UDP_PORT_OFF + 2,
	INSNS_MAX = 10
};

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int prog_load(const struct bpf_insn *prog, unsigned n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)prog;
	attr.insn_cnt = n;
	attr.license = (uintptr_t) "GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

/* Written as instructions, so that no compiler is needed: r0 = XDP_DROP; if
 * port is given, XDP_PASS where the packet is too short or has another one. */
static int drop_load(uint16_t port)
{
	const struct bpf_insn all[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn one[INSNS_MAX] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1,
		 .off = offsetof(struct xdp_md, data)},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1,
		 .off = offsetof(struct xdp_md, data_end)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 4,
		 .src_reg = 2},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4,
		 .imm = UDP_PORT_END},
		{.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3,
		 .off = 3},
		{.code = BPF_LDX | BPF_MEM | BPF_H, .dst_reg = 5, .src_reg = 2,
		 .off = UDP_PORT_OFF},
		{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 5, .off = 1,
		 .imm = htons(port)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return port ? prog_load(one, INSNS_MAX) : prog_load(all, 2);
}

int xdp_drop_attach(const char *dev, uint16_t port)
{
	union bpf_attr attr;
	int prog = drop_load(port), link;

	if (prog < 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.target_ifindex = if_nametoindex(dev);
	attr.link_create.attach_type = BPF_XDP;
	link = bpf(BPF_LINK_CREATE, &attr);
	close(prog);
	return link;
}
