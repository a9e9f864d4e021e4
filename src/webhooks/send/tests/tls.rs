//! TLS: the name of the URL is asked for and must be in the certificate, whatever address is called.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::webhooks::address::Public;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn roots(&self) -> Roots {
        Roots::only([self.certificate.clone()]).unwrap()
    }

    fn acceptor(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Serves one connection, and tells which name was asked for.
async fn serve(acceptor: TlsAcceptor) -> (u16, oneshot::Receiver<Option<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        let (stream, _peer) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        drop(tell.send(stream.get_ref().1.server_name().map(str::to_owned)));
        let mut buf = [0; 4_096];
        let mut read = Vec::new();
        while !read.ends_with(BODY) {
            let len = stream.read(&mut buf).await.unwrap();
            read.extend_from_slice(&buf[..len]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
    });
    (port, told)
}

async fn sent(roots: Roots, host: &str, port: u16) -> Outcome {
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let policy = Policy::Public(Public { allowed, own_ports: Vec::new() });
    let target = Target::parse(&format!("https://{host}:{port}/"), &policy).unwrap();
    let sender = Sender::new(policy, Stub::of([&["127.0.0.1"]]), limits()).trusting(roots);
    post(&sender, &target).await.outcome
}

fn names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn the_name_of_the_url_is_asked_for_at_the_address_that_was_checked() {
    let authority = Authority::new("Trusted");
    let (port, told) = serve(authority.acceptor(&names(&["hooks.example.org"]))).await;
    assert_eq!(sent(authority.roots(), "hooks.example.org.", port).await, Outcome::Accepted { status: 204 });
    assert_eq!(told.await.unwrap().as_deref(), Some("hooks.example.org"));
}

#[tokio::test]
async fn a_certificate_for_the_address_serves_a_url_with_the_address() {
    let authority = Authority::new("Trusted");
    let (port, told) = serve(authority.acceptor(&names(&["127.0.0.1"]))).await;
    assert_eq!(sent(authority.roots(), "127.0.0.1", port).await, Outcome::Accepted { status: 204 });
    assert_eq!(told.await.unwrap(), None);
}

#[tokio::test]
async fn a_certificate_that_is_not_good_ends_the_delivery_before_the_body_leaves() {
    let [authority, namesake, stranger] = ["Trusted", "Trusted", "Stranger"].map(Authority::new);
    let mut old = names(&["hooks.example.org"]);
    old.not_before = rcgen::date_time_ymd(2020, 1, 1);
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let mut early = names(&["hooks.example.org"]);
    early.not_before = rcgen::date_time_ymd(4000, 1, 1);
    let cases = [
        (&authority, names(&["other.example.org"]), CertificateFault::OtherName),
        // Good for the address that is called, but the URL has a name.
        (&authority, names(&["127.0.0.1"]), CertificateFault::OtherName),
        (&authority, old, CertificateFault::Time),
        (&authority, early, CertificateFault::Time),
        (&namesake, names(&["hooks.example.org"]), CertificateFault::Issuer),
        (&stranger, names(&["hooks.example.org"]), CertificateFault::Issuer),
    ];
    for (signer, params, fault) in cases {
        let (port, told) = serve(signer.acceptor(&params)).await;
        let outcome = sent(authority.roots(), "hooks.example.org", port).await;
        assert_eq!(outcome, Outcome::Unreachable(Fault::Certificate(fault)));
        assert!(told.await.is_err(), "the handshake was not finished");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_gets_no_body() {
    let authority = Authority::new("Trusted");
    let hangs = Receiver::start(Behaviour::Hangs).await;
    let closes = Receiver::start(Behaviour::ClosesAtOnce).await;
    assert_eq!(sent(authority.roots(), "a.example", closes.address.port()).await, Outcome::Unreachable(Fault::Tls));
    let late = Outcome::TimedOut(Stage::Connecting);
    assert_eq!(sent(authority.roots(), "a.example", hangs.address.port()).await, late);
}
