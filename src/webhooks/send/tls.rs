//! TLS to a receiver: whom we trust, and the name that its certificate must be good for.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connect::Connected;
use super::report::{CertificateFault, Fault};
use crate::webhooks::target::Target;

/// The certificate authorities whose word is taken.
#[derive(Clone)]
pub struct Roots(TlsConnector);

impl Roots {
    /// Those of this machine, as its administrator keeps them. With none, every delivery by https fails, and a log line says why.
    #[must_use]
    pub fn of_the_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        let (taken, unread) = store.add_parsable_certificates(found.certs);
        if taken == 0 {
            tracing::warn!(
                unread,
                faults = found.errors.len(),
                "no certificate authority is known: webhooks by https will fail"
            );
        }
        Self::of(store)
    }

    /// These.
    ///
    /// # Errors
    /// If one is no certificate.
    pub fn only(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        certificates.into_iter().try_for_each(|certificate| store.add(certificate))?;
        Ok(Self::of(store))
    }

    fn of(store: RootCertStore) -> Self {
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the backend has every suite of the versions")
            .with_root_certificates(store)
            .with_no_client_auth();
        // Each delivery stands alone: nothing of one receiver is remembered for another.
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(TlsConnector::from(Arc::new(config)))
    }

    /// The connection as the target's scheme wants it. The certificate must be good for the host of the URL, whatever address it has.
    pub(super) async fn wrap(&self, stream: TcpStream, target: &Target) -> Result<Connected, Fault> {
        if !target.is_https() {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(target.host()).map_err(|_syntax| Fault::Tls)?;
        let stream = self.0.connect(name, stream).await.map_err(|error| fault(&error))?;
        Ok(Box::new(stream))
    }
}

fn fault(error: &std::io::Error) -> Fault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(certificate)) = inner else { return Fault::Tls };
    Fault::Certificate(match certificate {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherName
        }
        // The second: by somebody who only bears the name of one who is trusted.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateFault::Issuer,
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::Time,
        _ => CertificateFault::Other,
    })
}
