/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file token_test.c  Routes that only we can have written
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "sip/token.h"

static struct token_key key_make(uint8_t b)
{
	struct token_key key;

	memset(key.b, b, sizeof(key.b));
	return key;
}

static void flow_round(const char *addr, uint16_t port)
{
	const struct token_key key = key_make(1), other = key_make(2);
	struct token_flow in = {.binding = UINT64_C(0xfedcba9876543210),
				.laddr = 3};
	struct token_flow out;
	struct token_node node;
	char text[TOKEN_TEXT_MAX];
	struct pl pl;
	size_t i;

	assert_int_equal(sa_set_str(&in.addr, addr, port), 0);
	assert_int_equal(token_flow_print(text, sizeof(text), &key, &in), 0);
	pl_set_str(&pl, text);
	assert_int_equal(token_flow_parse(&out, &key, &pl), 0);
	assert_true(out.binding == in.binding && out.laddr == in.laddr);
	assert_true(sa_cmp(&out.addr, &in.addr, SA_ALL));
	assert_int_equal(token_flow_parse(&out, &other, &pl), EACCES);
	assert_int_equal(token_node_parse(&node, &key, &pl), EBADMSG);
	/* Any change is seen, any cut is no token */
	for (i = 0; i < pl.l; i++) {
		const char c = text[i];
		const struct pl cut = {text, i};

		assert_int_not_equal(token_flow_parse(&out, &key, &cut), 0);
		text[i] = c == 'a' ? 'b' : 'a';
		assert_int_not_equal(token_flow_parse(&out, &key, &pl), 0);
		text[i] = c;
	}
	assert_int_equal(token_flow_print(text, 30, &key, &in), EOVERFLOW);
}

static void test_flow(void **state)
{
	(void)state;
	flow_round("192.0.2.7", 5062);
	flow_round("2001:db8::7", 65535);
	flow_round("0.0.0.0", 0);
}

static void test_node(void **state)
{
	const struct token_key key = key_make(1);
	struct token_node in = {.user = 42}, out;
	struct token_flow flow;
	char text[TOKEN_TEXT_MAX];
	struct pl pl;

	(void)state;
	assert_int_equal(sa_set_str(&in.addr, "127.0.0.1", 40000), 0);
	assert_int_equal(token_node_print(text, sizeof(text), &key, &in), 0);
	pl_set_str(&pl, text);
	assert_int_equal(token_node_parse(&out, &key, &pl), 0);
	assert_true(out.user == 42 && sa_cmp(&out.addr, &in.addr, SA_ALL));
	assert_int_equal(token_flow_parse(&flow, &key, &pl), EBADMSG);
}

static void via_make(struct sip_via *via, const char *branch)
{
	memset(via, 0, sizeof(*via));
	pl_set_str(&via->sentby, "10.0.0.1:5060");
	pl_set_str(&via->branch, branch);
}

static void test_branch(void **state)
{
	const struct token_key key = key_make(1), other = key_make(2);
	char a[TOKEN_BRANCH_MAX], b[TOKEN_BRANCH_MAX];
	struct pl callid = PL("abc@host"), foreign = PL("z9hG4bKother"), pl;
	struct sip_via via;
	struct token_branch in = {
		.in = 0xff, .via = &via, .callid = &callid, .cseq = 7};
	struct token_branch tb;

	(void)state;
	assert_int_equal(sa_set_str(&in.from, "192.0.2.1", 5070), 0);
	via_make(&via, "z9hG4bKx");
	assert_int_equal(token_branch_print(a, sizeof(a), &key, &in), 0);
	assert_memory_equal(a, "z9hG4bK", 7);
	/* Retransmission, CANCEL and ACK of the same transaction: equal */
	assert_int_equal(token_branch_print(b, sizeof(b), &key, &in), 0);
	assert_string_equal(a, b);
	assert_int_equal(token_branch_print(b, 20, &key, &in), EOVERFLOW);
	pl_set_str(&pl, a);

	tb = in;
	tb.in = 0;
	assert_int_equal(token_branch_check(&tb, &key, &pl), 0);
	assert_int_equal(tb.in, 0xff);
	assert_int_equal(token_branch_check(&tb, &other, &pl), EACCES);
	tb.cseq = 8;
	assert_int_equal(token_branch_check(&tb, &key, &pl), EACCES);
	/* The answer goes where the request came from */
	tb = in;
	sa_set_port(&tb.from, 5071);
	assert_int_equal(token_branch_check(&tb, &key, &pl), EACCES);
	assert_int_equal(sa_set_str(&tb.from, "192.0.2.2", 5070), 0);
	assert_int_equal(token_branch_check(&tb, &key, &pl), EACCES);
	via_make(&via, "z9hG4bKy");
	tb = in;
	assert_int_equal(token_branch_check(&tb, &key, &pl), EACCES);
	assert_int_equal(token_branch_check(&tb, &key, &foreign), EBADMSG);
}

static void test_name(void **state)
{
	const struct token_key key = key_make(1), other = key_make(2);
	uint64_t a = 0, b = 0;

	(void)state;
	assert_int_equal(token_name(&a, &key, "abc", 3), 0);
	assert_int_equal(token_name(&b, &key, "abc", 3), 0);
	assert_true(a == b);
	assert_int_equal(token_name(&b, &key, "abd", 3), 0);
	assert_true(a != b);
	assert_int_equal(token_name(&b, &other, "abc", 3), 0);
	assert_true(a != b);
	assert_int_equal(token_name(&b, &key, NULL, 3), EINVAL);
}

static void test_key_file(void **state)
{
	char dir[] = "/tmp/holler-token-XXXXXX", path[64];
	struct token_key a, b;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)re_snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(token_key_load(&a, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(token_key_load(&b, path), 0);
	assert_memory_equal(a.b, b.b, sizeof(a.b));
	assert_int_equal(truncate(path, 31), 0);
	assert_int_equal(token_key_load(&b, path), EBADMSG);
	(void)unlink(path);
	(void)rmdir(dir);
	assert_int_equal(token_key_load(&a, "/nowhere/key"), ENOENT);
	/* Without a file: a key that nobody else has */
	assert_int_equal(token_key_load(&a, NULL), 0);
	assert_int_equal(token_key_load(&b, ""), 0);
	assert_memory_not_equal(a.b, b.b, sizeof(a.b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow), cmocka_unit_test(test_node),
		cmocka_unit_test(test_branch), cmocka_unit_test(test_name),
		cmocka_unit_test(test_key_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
