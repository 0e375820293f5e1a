//! The address of a server, kept before anything is written and listened on when it can answer.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be accepted, as actix has it.
const WAITING: i32 = 2_048;

/// An address where nobody listened when it was taken. Until this program listens, connections are
/// refused: load balancers go elsewhere. Another one that has taken it in the same moment is refused
/// when it listens second.
#[derive(Debug)]
pub struct Reserved(Socket);

impl Reserved {
    /// Keeps an address.
    ///
    /// # Errors
    /// When another program listens there, or this one may not.
    pub fn take(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        // A restart need not wait for the connections of the last server.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        Ok(Self(socket))
    }

    pub(crate) fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(WAITING)?;
        self.0.set_nonblocking(true)?;
        Ok(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_somebody_listens_no_address_is_to_be_had() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = Reserved::take(other.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn connections_are_refused_until_it_listens() {
        let reserved = Reserved::take("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = reserved.0.local_addr().unwrap().as_socket().unwrap();
        let refused = std::net::TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let _listening = reserved.listen().unwrap();
        std::net::TcpStream::connect(address).unwrap();
    }
}
