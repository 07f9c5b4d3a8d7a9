#!/bin/sh
# Writes rfc6726.xsd, the schema of RFC 6726, section 3.4.2, from the text of the RFC:
#
#   ./extract.sh rfc6726.txt >rfc6726.xsd
#
# The schema is a code component of the RFC, under the Revised BSD License, which is put in front of it. Headers and
# footers of pages are left out, and the indentation of the RFC; nothing else is changed.
set -eu
awk '
	/^ *BEGIN$/ { inside = 1; next }
	/^ *END$/ && inside { exit }
	!inside || /^\f/ || /^RFC 6726 / || /\[Page [0-9]+\]$/ { next }
	/^$/ { next }
	{
		sub(/^   /, "")
		print
		if (!told) {
			told = 1
			print "<!--"
			print "Copyright (c) 2012 IETF Trust and the persons identified as authors of the code. All rights reserved."
			print ""
			print "Redistribution and use in source and binary forms, with or without modification, are permitted provided"
			print "that the following conditions are met:"
			print ""
			print "- Redistributions of source code must retain the above copyright notice, this list of conditions and the"
			print "  following disclaimer."
			print "- Redistributions in binary form must reproduce the above copyright notice, this list of conditions and"
			print "  the following disclaimer in the documentation and/or other materials provided with the distribution."
			print "- Neither the name of Internet Society, IETF or IETF Trust, nor the names of specific contributors, may be"
			print "  used to endorse or promote products derived from this software without specific prior written"
			print "  permission."
			print ""
			print "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR IMPLIED"
			print "WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A"
			print "PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR"
			print "ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT"
			print "LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS"
			print "INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR"
			print "TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF"
			print "ADVISED OF THE POSSIBILITY OF SUCH DAMAGE."
			print ""
			print "FDT Instances of FLUTE version 2: RFC 6726, section 3.4.2. Made by extract.sh; do not edit."
			print "-->"
		}
	}
' "$1"
