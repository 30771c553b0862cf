package embedded_test

// cases are lines of commands, run in turn on an empty server. Answers must be
// the same too; a line that begins with ~ is about its events only.
var cases = map[string]string{
	"strings": `
		SET a 1
		SET a 2 EX 100
		SET a 3 KEEPTTL
		SET a 4 NX
		SET b 4 XX
		SET b 5 NX GET
		SET b 6 NX GET
		SET b 7 XX GET
		SET c x PX 100000 NX
		TTL c
		SETNX a 1
		SETNX n 1
		SETEX s 100 v
		PSETEX s 100000 v
		GETSET s w
		GETSET new w
		MSET m1 1 m2 2 m1 3
		MSETNX m2 1 m3 1
		MSETNX m4 1 m5 1
		APPEND a xyz
		APPEND app xyz
		INCR i
		INCRBY i 5
		DECR i
		DECRBY i 2
		INCRBYFLOAT f 1.5
		INCR a
		SETRANGE r 3 abc
		SETRANGE r 0 ''
		SETRANGE none 0 ''
		SETBIT bit 7 1
		BITOP AND dest bit r
		BITOP AND dest none none2
		BITOP OR dest none none2
		GETDEL i
		GETDEL i
		GETEX f
		GETEX f EX 100
		GETEX f PERSIST
		GETEX f PERSIST
		GETEX f EXAT 1
		GETEX none EX 100
		LPUSH l 1
		SET l 1 GET
		SET l 1
		PFADD h a b
		PFADD h a b
		PFADD h c
		PFMERGE h2 h
		TYPE h2`,
	"generic": `
		MSET a 1 b 2 c 3
		DEL a none a
		UNLINK b none
		DEL none
		EXPIRE c 100
		EXPIRE none 100
		PEXPIRE c 200000
		EXPIRE c 100 GT
		EXPIRE c 300 GT
		EXPIRE c 300 NX
		EXPIRE c 200 LT
		PERSIST c
		PERSIST c
		PERSIST none
		EXPIRE c 300 XX
		EXPIRE c 300 GT
		EXPIREAT c 9999999999
		EXPIRETIME c
		PEXPIREAT c 9999999999123
		PEXPIRETIME c
		EXPIRE c 0
		SET d 1
		EXPIRE d -1
		SET d 1 EX 100
		EXPIREAT d 1
		TTL d
		SET e 1 EX 100
		RENAME e f
		TTL f
		RENAME f f
		RENAME none x
		SET g 1
		RENAMENX f g
		RENAMENX f h
		RENAME h g
		COPY g i
		COPY g i
		COPY g i REPLACE
		COPY none i
		TTL i
		MOVE i 1
		MOVE i 1
		SELECT 1
		TTL i
		SET i 2
		COPY i j DB 0
		SELECT 0
		TTL j
		TOUCH g none
		EXISTS g none g
		DUMP none
		FLUSHDB
		FLUSHALL
		SELECT 99
		SET x 1
		EXPIRE x
		NOSUCH x y
		GET
		TYPE x
		TYPE none`,
	"lists": `
		RPUSH l a b c
		LPUSH l z
		LPUSHX l y
		RPUSHX l d
		RPUSHX none d
		LINSERT l BEFORE a x
		LINSERT l BEFORE nope x
		LSET l 0 q
		LSET l 99 q
		LSET none 0 q
		LREM l 0 q
		LREM l 0 nope
		LTRIM l 1 3
		LTRIM none 0 1
		LTRIM l 5 6
		RPUSH l a
		LPOP l
		LPOP l
		RPOP l
		RPUSH l a b c d e
		LPOP l 2
		RPOP l 0
		RPOP l 9
		LPOP none 2
		RPUSH l a b
		RPOPLPUSH l m
		LMOVE l m LEFT RIGHT
		LMOVE l m LEFT RIGHT
		LMOVE m m LEFT RIGHT
		RPOPLPUSH m m
		LMPOP 2 none m LEFT COUNT 1
		LMPOP 1 m RIGHT COUNT 5
		LMPOP 1 m RIGHT
		RPUSH l a b c
		BLPOP none l 1
		BRPOP l 1
		BLMOVE l m LEFT RIGHT 1
		BRPOPLPUSH m l 1
		BLPOP none 0.01
		BRPOPLPUSH none l 0.01
		SET s 1
		BLPOP s 1
		RPUSH s 1
		LPOP s
		LMOVE l s LEFT LEFT
		RPUSH l one
		LREM l 0 one
		LRANGE l 0 -1`,
	"hashes": `
		HSET h a 1 b 2
		HSET h a 1
		HSETNX h a 2
		HSETNX h c 2
		HMSET h d 1
		HINCRBY h a 2
		HINCRBYFLOAT h a 1.5
		HDEL h nope
		HDEL h a nope
		HDEL none a
		HDEL h b c d
		HGETALL h
		SET s 1
		HSET s a 1
		HEXPIRE h 10 FIELDS 1 a`,
	"sets": `
		SADD s a b c
		SADD s a
		SADD s a d
		SREM s nope
		SREM s a nope
		SREM none a
		SMOVE s t b
		SMOVE s t nope
		SADD s b
		SMOVE s t b
		SMOVE s s c
		SUNIONSTORE u s t
		SINTERSTORE u s t
		SINTERSTORE u none t
		SDIFFSTORE v none t
		SDIFFSTORE v t none
		SADD one x
		SPOP one
		SPOP one
		SADD one x y
		SPOP one 0
		~SPOP one 5
		SADD one x
		SREM one x
		SADD one x
		SMOVE one two x
		SCARD two`,
	"sorted sets": `
		ZADD z 1 a 2 b
		ZADD z 1 a
		ZADD z 2 a
		ZADD z CH 2 a 3 b
		ZADD z NX 5 a 6 c
		ZADD z NX 5 a
		ZADD z XX 5 a
		ZADD z XX 5 nope
		ZADD z GT 1 a
		ZADD z GT 9 a
		ZADD z LT 10 a
		ZADD z INCR 1 a
		ZADD z INCR 0 a
		ZINCRBY z 2 a
		ZINCRBY z 0 a
		ZINCRBY z2 2 a
		ZREM z nope
		ZREM z a nope
		ZREM none a
		ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
		ZREMRANGEBYSCORE z 1 1
		ZREMRANGEBYSCORE z 100 200
		ZREMRANGEBYRANK z 0 0
		ZREMRANGEBYLEX z [c [c
		ZPOPMIN z
		ZPOPMAX z 1
		ZPOPMIN none
		BZPOPMIN none z 1
		ZMPOP 2 none z MAX COUNT 10
		ZADD z 1 a 2 b
		ZADD y 1 a
		ZUNIONSTORE u 2 z y
		ZINTERSTORE u 2 z y
		ZINTERSTORE u 2 z none
		ZINTERSTORE u 2 z none
		BZPOPMAX z 1
		BZMPOP 1 1 z MIN
		BZPOPMIN z 0.01
		GEOADD g 13.36 38.11 P
		GEOADD g 13.36 38.11 P
		ZRANGE z2 0 -1 WITHSCORES
		ZUNION 2 z2 none
		SINTERCARD 2 none none2
		ZSCORE z2 a
		ZREM z2 a`,
}
