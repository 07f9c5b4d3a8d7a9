// Package dashboard holds the web page that shows what a daemon does. Package api serves it.
//
//	index.html, login.html   the pages
//	style.css                how they look, light and dark
//	app.js                   which view is shown, the loop that asks, keys
//	overview.js, session.js, sending.js, tree.js, events.js, sinks.js   the views
//	pager.js, blockmap.js                                               parts of them
//	api.js, dom.js, format.js, theme.js, login.js             what they share
//
// There is no build step, and nothing is fetched from elsewhere. What was received, such as the name of a file, is put
// into the page by dom.js as text only; the Content-Security-Policy of package api has the browser refuse all else.
//
// # Limitations
//
// The page gives no orders: flute-node ctl does.
package dashboard
