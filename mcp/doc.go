// Package mcp is the door for language models: an MCP server on a pair of
// streams, whose tools are the engine's acts. What they send is judged like
// any other packet, and what they may not do they are told in one line.
//
// It decides nothing itself and never writes anything but the protocol.
package mcp
