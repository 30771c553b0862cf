-- broadcast: says something to a channel.
-- KEYS    1 channel
-- ARGV    1 what is said
-- RETURNS {'OK', how many listened}
-- ATOMIC  it is one command; a script, so that it is refused where nothing may be written
return {'OK', redis.call('PUBLISH', KEYS[1], ARGV[1])}
