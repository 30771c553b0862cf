package e2e

import "github.com/redis/go-redis/v9"

func zed(member string) redis.Z { return redis.Z{Score: -1, Member: member} }
