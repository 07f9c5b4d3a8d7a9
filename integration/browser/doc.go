// Package browser tests the dashboard of a daemon in a headless Chromium. It is a module of its own, so that the driver
// of the browser stays out of the product's dependencies:
//
//	go -C integration/browser test ./...
//	go -C integration/browser test -run Transfer . -args -screenshots $PWD/docs
//
// Its tests skip, and say so, where there is no Chromium (Debian: apt-get install chromium). What is compared is what
// the page says, not its pixels.
package browser
