package embedded_test

var streamCases = map[string]string{
	"streams": `
		XADD s 1-0 a b
		XADD s 1-0 a b
		XADD s 0-0 a b
		XADD s 5-* a b
		XADD s MAXLEN 1 7-0 a b
		XADD s MAXLEN 10 8-0 a b
		XADD s MINID 8-0 9-0 a b
		XADD none NOMKSTREAM 1-0 a b
		XADD s bad a b
		XADD bad bad a b
		EXISTS bad
		XADD s 10 a b
		XLEN s
		XRANGE s - +
		XRANGE s 9 9
		XRANGE s (9-0 +
		XREVRANGE s + - COUNT 1
		XREVRANGE s (10-0 -
		XRANGE s - + COUNT 2
		XRANGE s - + COUNT 0
		XRANGE none - +
		XINFO STREAM s
		XDEL s 9-0
		XDEL s 9-0
		XINFO STREAM s
		XTRIM s MAXLEN 1
		XTRIM s MAXLEN 5
		XTRIM s MAXLEN 0
		XINFO STREAM s
		XADD s 9-5 a b
		XADD s 11-0 a b
		XTRIM s MINID 11
		XTRIM s MINID 12
		XTRIM none MAXLEN 1
		XGROUP CREATE s g $
		XGROUP CREATE s g $
		XGROUP CREATE made g $ MKSTREAM
		XGROUP CREATE none g $
		XGROUP CREATECONSUMER s g c
		XGROUP CREATECONSUMER s g c
		XADD s 12-0 a b
		XREADGROUP GROUP g c2 STREAMS s >
		XREADGROUP GROUP g c2 STREAMS s >
		XREADGROUP GROUP g c3 STREAMS s >
		XACK s g 12-0
		XGROUP DELCONSUMER s g c
		XGROUP DELCONSUMER s g c
		XGROUP DESTROY s g
		XGROUP DESTROY s g
		XREAD STREAMS s 11
		XREAD STREAMS s 99
		XREAD BLOCK 5 STREAMS s $
		XREAD COUNT 1 BLOCK 5 STREAMS s 0
		RENAME s r
		XADD r 12-0 a b
		COPY r c
		XDEL c 12-0
		XADD c 12-0 a b
		DEL c
		XADD c 1-0 a b
		XINFO STREAM none
		SET str 1
		XADD str 1-0 a b
		XRANGE str - +
		XINFO STREAM str
		XTRIM str MAXLEN 1`,
	"multi": `
		MULTI
		SET a 1
		RPUSH l x y
		LPOP l 5
		RPUSH a wrong
		EXPIRE a 100
		EVAL {{redis.call('SET','e','1') return redis.call('DEL','a')}} 0
		BLPOP none 1
		XREAD BLOCK 0 STREAMS none $
		GET e
		EXEC
		MULTI
		SET a 2
		DISCARD
		MULTI
		NOSUCH
		SET a 3
		EXEC
		MULTI
		GET
		EXEC
		EXEC
		DISCARD
		MULTI
		MULTI
		SET b 1
		SELECT 1
		SET b 2
		SELECT 0
		EXEC
		WATCH b
		SET b 3
		MULTI
		SET b 4
		EXEC
		WATCH b
		MULTI
		SET b 5
		EXEC
		WATCH b
		UNWATCH
		SET b 6
		MULTI
		SET b 7
		EXEC
		WATCH b
		FLUSHALL
		MULTI
		SET b 8
		EXEC
		MULTI
		EXEC`,
}
