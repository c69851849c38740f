# SPDX-License-Identifier: GPL-3.0-or-later
# awk -f schema.awk table=NAME FILE... : one table of C strings a name
function finish()
{
	if (open)
		print "\t,\n\tNULL\n};"
}
BEGIN {
	print "/* Made by schema.awk */"
	print "#include <stddef.h>"
	print "#include \"db/sql.h\""
}
FNR == 1 {
	if (table != open) {
		finish()
		printf "\nconst char *const sql_schema_%s[] = {\n", table
		open = table
	} else {
		print "\t,"
	}
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END {
	finish()
}
