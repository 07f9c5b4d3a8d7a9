'use strict'
// Sends and receives a file by libutp, through the package utp-native:
//
//   node peer.js receive PORT FILE        one connection, until its end
//   node peer.js send HOST PORT FILE
//
// It prints how many bytes went, and in which time; it exits with 0 only if the connection ended in order.
const fs = require('fs')
const utp = require('utp-native')

const [mode, ...args] = process.argv.slice(2)

function fail (err) {
  console.error('libutp:', err.message || err)
  process.exit(1)
}

// done prints what went. libutp needs some time to send its last acknowledgements, and tells nobody when it has.
function done (bytes, start) {
  console.log(`bytes=${bytes} seconds=${(Number(process.hrtime.bigint() - start) / 1e9).toFixed(3)}`)
  setTimeout(() => process.exit(0), 2000)
}

if (mode === 'receive' && args.length === 2) {
  const server = utp.createServer((socket) => {
    const start = process.hrtime.bigint()
    const out = fs.createWriteStream(args[1])
    let bytes = 0
    socket.on('data', (b) => { bytes += b.length })
    socket.on('error', fail)
    socket.pipe(out)
    out.on('finish', () => { socket.end(); done(bytes, start) })
  })
  server.on('error', fail)
  server.listen(Number(args[0]), () => console.log('listening'))
} else if (mode === 'send' && args.length === 3) {
  const start = process.hrtime.bigint()
  const socket = utp.connect(Number(args[1]), args[0])
  const bytes = fs.statSync(args[2]).size
  socket.on('error', fail)
  socket.on('end', () => done(bytes, start))
  socket.resume()
  fs.createReadStream(args[2], { highWaterMark: 1 << 20 }).pipe(socket)
} else {
  fail('receive PORT FILE, or send HOST PORT FILE')
}
