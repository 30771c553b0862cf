package embedded_test

var scriptCases = map[string]string{
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
