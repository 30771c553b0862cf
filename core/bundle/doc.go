// Package bundle writes the evidence about one packet into a zip file that
// proves itself: whoever has the file needs neither Redis, nor this program,
// nor the network to check it, but Python and openssl.
//
// It judges nothing, and signs nothing: each part stands in the file as it was
// found, beside what it is checked by.
package bundle
