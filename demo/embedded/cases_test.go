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
	"scripts": `
		EVAL {{return redis.call('SET',KEYS[1],ARGV[1])}} 1 k v
		EVAL {{redis.call('RPUSH','l',1,2) redis.call('LPOP','l') redis.call('RPOP','l') redis.call('DEL','none') return redis.call('EXISTS','l')}} 0
		EVAL {{redis.call('SET','t','1','EX',100) redis.call('SET','t','2','KEEPTTL') local t=redis.call('TTL','t') redis.call('PERSIST','t') return {t, redis.call('PTTL','t')} }} 0
		EVAL {{redis.call('SET','t','1','EX',100) local a=redis.call('SET','t','2','NX') redis.call('PEXPIRE','t',5000) return {tostring(a), redis.call('TTL','t')} }} 0
		EVAL {{return redis.call('TYPE','k').ok}} 0
		EVAL {{return redis.call('TYPE','k')}} 0
		EVAL {{return redis.call('XADD','s','1-0','a','b')}} 0
		EVAL {{redis.call('XADD','s','MAXLEN','1','2-0','a','b') return redis.call('XREVRANGE','s','+','-','COUNT',1)}} 0
		EVAL {{redis.call('XTRIM','s','MAXLEN',0) return redis.call('XINFO','STREAM','s')}} 0
		EVAL {{redis.call('ZADD','z',1,'a',2,'b') redis.call('ZADD','z',1,'a') redis.call('ZREM','z','a') return {redis.call('ZRANGE','z',0,-1,'WITHSCORES'), redis.call('ZSCORE','z','b'), redis.call('ZSCORE','z','a')} }} 0
		EVAL {{return redis.call('LRANGE','l',0,-1)}} 0
		EVAL {{redis.call('RPUSH','l','a','b','c') redis.call('LTRIM','l',1,1) return redis.call('LRANGE','l',0,-1)}} 0
		EVAL {{return #redis.call('TIME')}} 0
		EVAL {{redis.call('HSET','h','f','v') return redis.call('HGETALL','h')}} 0
		EVAL {{return redis.sha1hex('x')}} 0
		EVAL {{return redis.error_reply('MY error')}} 0
		EVAL {{return redis.status_reply('FINE')}} 0
		EVAL {{return {err='MY other'} }} 0
		EVAL {{return redis.call('PUBLISH','ch','x')}} 0
		EVAL {{return redis.call('LPUSH','k','x')}} 0
		EVAL {{local a = 1\nlocal b = 2\nreturn redis.call('LPUSH','k','x')}} 0
		EVAL {{return redis.pcall('LPUSH','k','x')}} 0
		EVAL {{return redis.pcall('LPUSH','k','x').err}} 0
		EVAL {{local ok, e = pcall(redis.call, 'LPUSH','k','x') return {tostring(ok), type(e), e} }} 0
		EVAL {{local ok, e = pcall(function() return redis.call('LPUSH','k','x') end) return {tostring(ok), type(e), e} }} 0
		EVAL {{local ok, e = pcall(error,{err='x'}) return {type(e), e} }} 0
		EVAL {{local ok, e = pcall(function() error('x') end) return {type(e), e} }} 0
		EVAL {{return {pcall(function() return 1, 2 end)} }} 0
		EVAL {{local ok, e = pcall(redis.call, 'LPUSH','k','x') error(e)}} 0
		EVAL {{error('boom')}} 0
		EVAL {{error({err='MY boom'})}} 0
		EVAL {{redis.call('SET','half','1') return redis.call('LPUSH','half','x')}} 0
		EVAL {{return redis.call('NOSUCH')}} 0
		EVAL {{return redis.pcall('NOSUCH')}} 0
		EVAL {{return redis.call('GET')}} 0
		EVAL {{return redis.call('MULTI')}} 0
		EVAL {{return redis.call('BLPOP','l',0)}} 0
		EVAL {{return redis.call('SUBSCRIBE','l')}} 0
		EVAL {{return redis.call('CONFIG','GET','x')}} 0
		EVAL {{return redis.call('XREAD','BLOCK',0,'STREAMS','nostream','$')}} 0
		EVAL {{redis.call('SELECT',1) redis.call('SET','other','1') return 1}} 0
		GET other
		EVAL {{return {KEYS[1],ARGV[1],ARGV[2]} }} 1 a b c
		EVAL {{return {1,2,nil,4} }} 0
		EVAL {{return 3.99}} 0
		EVAL {{return true}} 0
		EVAL {{return false}} 0
		EVAL {{return redis.call('GET','none')}} 0
		EVAL {{return string.match(redis.call('INFO','keyspace'),'# Keyspace')}} 0
		EVAL {{return redis.call('MEMORY','USAGE','none')}} 0
		EVAL {{return redis.call('DBSIZE') > 0}} 0
		EVAL {{return tostring(redis.call('GET','none'))}} 0
		EVAL {{return x}} a
		EVAL {{return 1}} 5
		EVAL_RO {{return redis.call('GET','k')}} 0
		EVALSHA 0000000000000000000000000000000000000000 0
		SCRIPT LOAD {{return redis.call('SET','loaded',ARGV[1])}}
		EVALSHA 5e1b4c7b0f6b0d0a4f0d2e2b7b5b6e0d4f6c7a8b 0 x
		SCRIPT EXISTS 0000000000000000000000000000000000000000
		SCRIPT FLUSH
		EVAL {{redis.call('EXPIRE','k',100) redis.call('EXPIRE','k',200,'GT') return redis.call('EXPIRE','k',100,'GT')}} 0
		EVAL {{for i=1,100 do redis.call('INCR','n') end return redis.call('GET','n')}} 0
		~EVAL {{return x.}} 0
		EVAL {{local t = {} for i=1,3000 do t[i]=i end return redis.call('RPUSH','big',unpack(t))}} 0`,
	"json in scripts": `
		EVAL {{return cjson.encode({})}} 0
		EVAL {{return cjson.encode({1,2,'x',true})}} 0
		EVAL {{return cjson.encode({1,nil,3})}} 0
		EVAL {{return cjson.encode({a={b={c=1} } })}} 0
		EVAL {{return cjson.encode('a/b"c\\d<&>é')}} 0
		EVAL {{return cjson.encode(string.char(1,9,10,127,200))}} 0
		EVAL {{return {cjson.encode(1.5),cjson.encode(12345678901),cjson.encode(1e15),cjson.encode(0.1),cjson.encode(-3),cjson.encode(1e100)} }} 0
		EVAL {{return cjson.encode({a=cjson.null})}} 0
		EVAL {{local t={x=1} return cjson.encode({t,t})}} 0
		EVAL {{local p=cjson.decode('{"a":null,"b":[1,null,3],"c":"x\\u00e9\\"y","d":{"e":true},"f":-1.5e3,"g":[],"h":{} }') return {tostring(p.a==cjson.null),#p.b,tostring(p.b[2]==cjson.null),p.b[3],p.c,tostring(p.d.e),p.f,#p.g} }} 0
		EVAL {{local p=cjson.decode('{"a":1,"b":[1,2,3],"c":"x\\u00e9","d":{"e":true}, "z": 1760000000000 }') return {p.a,#p.b,p.c,tostring(p.d.e),p.z} }} 0
		EVAL {{return tostring((pcall(cjson.decode,'{bad')))}} 0
		EVAL {{return tostring((pcall(cjson.decode,'')))}} 0
		EVAL {{return cjson.encode(cjson.decode('[null]'))}} 0
		EVAL {{return type(cjson.decode('null'))}} 0
		EVAL {{return tostring(pcall(cjson.encode, function() end))}} 0`,
	"config": `
		CONFIG SET timeout 10
		CONFIG SET timeout 1 timeout 2
		CONFIG SET nosuch 1
		CONFIG SET timeout 1 nosuch 2
		CONFIG SET timeout x
		CONFIG SET timeout
		CONFIG GET
		CONFIG NOSUCH
		CONFIG GET nosuch
		CONFIG GET timeout
		CONFIG GET maxmemory
		CONFIG SET maxmemory 100mb
		CONFIG GET maxmemory
		CONFIG SET maxmemory 1x
		CONFIG SET maxmemory 0
		CONFIG SET maxmemory-policy allkeys-lru
		CONFIG SET maxmemory-policy nosuch
		CONFIG SET MAXMEMORY-POLICY noeviction
		CONFIG GET maxmemory-policy
		CONFIG GET appendonl*
		CONFIG SET appendonly maybe
		CONFIG GET save
		CONFIG GET client-output*
		CONFIG SET client-output-buffer-limit {{pubsub 64mb 16mb 90}}
		CONFIG GET client-output-buffer-limit
		CONFIG SET client-output-buffer-limit {{nosuch 1 1 1}}
		CONFIG SET client-output-buffer-limit {{pubsub 33554432 8388608 60}}
		CONFIG SET databases 3
		CONFIG RESETSTAT
		CONFIG REWRITE
		INFO nosuch
		ACL WHOAMI
		SLOWLOG GET
		SLOWLOG LEN
		LATENCY LATEST
		LATENCY HISTORY command
		ROLE
		CLIENT GETNAME
		CLIENT SETNAME me
		CLIENT GETNAME
		CLIENT SETNAME {{a b}}
		CLIENT SETNAME ''
		CLIENT NOSUCH
		CLIENT LIST TYPE
		PING
		PING x
		ECHO x
		PUBSUB NUMPAT
		PUBSUB CHANNELS nosuch*
		PUBSUB NUMSUB a
		PUBSUB NOSUCH
		PUBLISH nobody x
		SELECT x
		SELECT -1
		SCRIPT NOSUCH
		MEMORY USAGE none
		HELLO 4
		SWAPDB 0 1
		SET swapped 1 EX 100
		SWAPDB 0 1
		TTL swapped
		SELECT 1
		TTL swapped
		SELECT 0
		WAIT 0 1
		CONFIG SET notify-keyspace-events KEQ`,
}
