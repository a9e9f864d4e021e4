//! Register: a new customer, logged in at once.

use super::mint::REGISTRATION_DRAWS_MAX;
use super::password_rule::Judged;
use super::{Client, Engine, Issued, Place, Unavailable, rejection, unexpected};
use crate::entropy::draw;
use crate::hashing::Password;
use crate::throttle::Wait;
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{Command, RegisterCustomer};
use doorward_domain::account::customer::Profile;
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::session::Method;
use doorward_domain::credential::PasswordHash;
use doorward_domain::email::Email;
use doorward_domain::ids::{CustomerId, SiteId};
use doorward_domain::metadata::{MetadataError, MetadataPatch};
use doorward_domain::password::PasswordFault;
use doorward_domain::username::Username;

/// What somebody registers with.
#[derive(Debug)]
pub struct Register {
    /// The site.
    pub site: SiteId,
    /// The address.
    pub email: Email,
    /// The password; `None` for a customer who will only come by other ways.
    pub password: Option<Password>,
    /// The user name, if any.
    pub username: Option<Username>,
    /// Names and the like.
    pub profile: Profile,
    /// What the business keeps.
    pub metadata: MetadataPatch,
}

/// Why nobody was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// There is no such site.
    #[error("the site does not exist")]
    SiteNotFound,
    /// The address has registered too many customers; try again later.
    #[error(transparent)]
    TooMany(#[from] Wait),
    /// Another customer of the account has this e-mail.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// Another customer of the account has this user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// The site's policy refuses the password.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// Metadata is malformed or too large.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The account is full.
    #[error("the account has as many customers as it can have")]
    Full,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Registers a customer and opens a session.
    ///
    /// # Errors
    /// [`RegisterError`]; nothing was registered then, unless it is [`Unavailable::OutcomeUnknown`].
    pub async fn register(&self, mut request: Register, client: &Client) -> Result<Issued, RegisterError> {
        let place = self.place(request.site).ok_or(RegisterError::SiteNotFound)?;
        self.registrations.take(client.address)?;
        names_are_free(&place, &request)?;
        let hash = self.hash_first_password(&place, &mut request).await?;
        for _ in 0..REGISTRATION_DRAWS_MAX {
            if let Some(issued) = self.try_register(&place, &request, hash.clone(), client).await? {
                return Ok(issued);
            }
        }
        Err(Unavailable::Overloaded.into())
    }

    async fn hash_first_password(
        &self,
        place: &Place,
        request: &mut Register,
    ) -> Result<Option<PasswordHash>, RegisterError> {
        let Some(password) = request.password.take() else { return Ok(None) };
        let with = Judged {
            email: &request.email,
            username: request.username.as_ref(),
            profile: &request.profile,
            is_current: false,
        };
        self.hash_new_password(place, password, with).await.map(Some)
    }

    /// One draw of the ids; `None` when one of them is taken.
    async fn try_register(
        &self,
        place: &Place,
        request: &Register,
        password: Option<PasswordHash>,
        client: &Client,
    ) -> Result<Option<Issued>, RegisterError> {
        let ctx = self.ctx(client)?;
        let id = CustomerId::draw(ctx.now, u16::from_be_bytes(draw(&*self.entropy)));
        let (session, token) = self.draw_session(place, id, Method::Register, ctx.now)?;
        let session_id = session.id;
        let command = Command::RegisterCustomer(Box::new(RegisterCustomer {
            id,
            site: place.site.id,
            email: request.email.clone(),
            username: request.username.clone(),
            profile: request.profile.clone(),
            metadata: request.metadata.clone(),
            password,
            session: Some(session),
        }));
        match place.handle.call(command, ctx).await {
            Ok(done) => {
                let customer = done.state.customer(id).cloned();
                let customer = customer.ok_or_else(|| unexpected("register", &Rejection::CustomerNotFound))?;
                Ok(Some(Issued { token, customer, session: session_id }))
            }
            Err(error) => match rejection(error)? {
                Rejection::IdTaken => Ok(None),
                Rejection::EmailTaken => Err(RegisterError::EmailTaken),
                Rejection::UsernameTaken => Err(RegisterError::UsernameTaken),
                Rejection::Metadata(error) => Err(error.into()),
                Rejection::LimitReached(Limit::Customers) => Err(RegisterError::Full),
                Rejection::SiteNotFound | Rejection::AccountNotFound => Err(RegisterError::SiteNotFound),
                Rejection::ClockBehind => Err(Unavailable::ClockBehind.into()),
                other => Err(unexpected("register", &other).into()),
            },
        }
    }
}

/// A first look in the view, so that a taken name costs no hash. The actor decides again.
fn names_are_free(place: &Place, request: &Register) -> Result<(), RegisterError> {
    if place.view.customer_by_email(&request.email.key()).is_some() {
        return Err(RegisterError::EmailTaken);
    }
    if request.username.as_ref().is_some_and(|username| place.view.customer_by_username(&username.key()).is_some()) {
        return Err(RegisterError::UsernameTaken);
    }
    Ok(())
}
