//! Who asks, and what a condition would find out about him.
//!
//! Of each condition key it is known whether the caller has it, and whether its value is given or his to choose:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.

use std::collections::BTreeMap;

use evidence::clock::Timestamp;

use super::address::Range;
use super::shape::{Class, Shape};

/// What is known about a key in the context of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The request does not have it.
    Absent,
    /// It has these values; several only where the key is multivalued.
    Is(Vec<String>),
    /// It has one of these values, whichever the caller likes.
    OneOf(Vec<String>),
    /// It has a value of one of these shapes; `optional`: or is absent, as the caller likes.
    Like { shapes: Vec<Shape>, optional: bool },
    /// The address is one of these, and no condition tells them apart.
    From(Range),
    /// The caller sends it, leaves it out, and puts into it whatever he likes.
    Chosen,
    /// Some requests have it and some do not; what its value is, is not known.
    Sometimes,
    /// It is that of the resource: what the policy says of it is taken to be true.
    Own,
    /// Nothing is known.
    Unknown,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Somebody who did not sign.
    Unsigned,
    /// Somebody in an account and an organization that nobody named. What he sends through a service on behalf of a
    /// resource of his own counts too.
    Stranger,
    /// Somebody in an account that nobody named, in whichever organization and network lets him in.
    Colleague,
    /// Somebody in this account; his organization is taken to be whichever lets him in.
    Member(String),
    /// An AWS service by itself, such as `cloudwatch.amazonaws.com`.
    Service(String),
    /// Such a service, on behalf of a resource in an account that nobody named.
    ServiceForStranger(String),
    /// The user or role of this ARN, as to its own policies: of what he asks for nothing is known.
    Holder(String),
}

/// The way a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over the internet from one of these addresses.
    Internet(Range),
    /// Through an endpoint in a network of the caller's own.
    Endpoint,
    /// Whichever lets it through.
    Any,
}

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    who: Who,
    way: Way,
    tls: Option<bool>,
    organized: Option<bool>,
    on_behalf: Option<bool>,
    now: Timestamp,
    /// Account of the resource.
    owner: Option<String>,
    known: BTreeMap<String, Fact>,
}

impl Caller {
    /// A caller at this moment, who comes as he likes, with or without TLS.
    pub(crate) fn new(who: Who, now: Timestamp) -> Self {
        Self {
            who,
            way: Way::Any,
            tls: None,
            organized: None,
            on_behalf: None,
            now,
            owner: None,
            known: BTreeMap::new(),
        }
    }

    /// An AWS service that calls with a context of which these keys are known, such as `aws:SourceArn`. Keys that a service
    /// principal may or may not send are [`Fact::Unknown`] otherwise.
    pub(crate) fn service(name: &str, now: Timestamp) -> Self {
        Self::new(Who::Service(name.to_owned()), now)
    }

    /// With this value of a key.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.known
            .insert(key.to_ascii_lowercase(), Fact::Is(vec![value.to_owned()]));
        self
    }

    /// Without this key.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.known.insert(key.to_ascii_lowercase(), Fact::Absent);
        self
    }

    /// Coming this way.
    pub(crate) fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// With TLS or without; `None`: as he likes.
    pub(crate) fn tls(mut self, tls: Option<bool>) -> Self {
        self.tls = tls;
        self
    }

    /// In an organization of his own, or in none; `None`: as he likes.
    pub(crate) fn organized(mut self, organized: Option<bool>) -> Self {
        self.organized = organized;
        self
    }

    /// Through a service on behalf of a resource, or not; `None`: as he likes.
    pub(crate) fn on_behalf(mut self, on_behalf: Option<bool>) -> Self {
        self.on_behalf = on_behalf;
        self
    }

    /// Asking for something of this account.
    pub(crate) fn of(mut self, owner: Option<&str>) -> Self {
        self.owner = owner.map(str::to_owned);
        self
    }

    /// Who asks.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// Does this caller choose his own account, and so everything that follows from it?
    pub(crate) fn is_stranger(&self) -> bool {
        !matches!(self.who, Who::Member(_) | Who::Service(_) | Who::Holder(_))
    }

    /// What a condition on this key (in lower case) would find.
    pub(crate) fn fact(&self, key: &str) -> Fact {
        match self.possible(key) {
            Fact::Like { shapes, optional: true } => {
                let present = if key.starts_with("aws:principalorg") {
                    self.organized
                } else {
                    self.on_behalf
                };
                match present {
                    Some(false) => Fact::Absent,
                    _ => Fact::Like {
                        shapes,
                        optional: present.is_none(),
                    },
                }
            }
            fact => fact,
        }
    }

    fn possible(&self, key: &str) -> Fact {
        if let Some(known) = self.known.get(key) {
            return known.clone();
        }
        match key {
            "aws:currenttime" => return is(&self.now.to_string()),
            "aws:epochtime" => return is(&self.now.unix().to_string()),
            "aws:securetransport" => return self.transport(),
            "aws:resourceaccount" | "s3:resourceaccount" => {
                return self.owner.as_deref().map_or(Fact::Own, is);
            }
            "aws:resourceorgid" | "aws:resourceorgpaths" => return Fact::Own,
            _ => {}
        }
        if let Some(fact) = self.network(key) {
            return fact;
        }
        match &self.who {
            Who::Unsigned => unsigned(key).unwrap_or_else(|| source(key, None)),
            Who::Stranger => signed(key, None).unwrap_or_else(|| source(key, None)),
            Who::Colleague => match key {
                "aws:principalorgid" | "aws:principalorgpaths" | "aws:sourceorgid" | "aws:sourceorgpaths" => {
                    Fact::Chosen
                }
                _ => signed(key, None).unwrap_or_else(|| source(key, None)),
            },
            Who::Member(account) => signed(key, Some(account)).unwrap_or_else(|| source(key, Some(account))),
            Who::Service(name) => service(key, name).unwrap_or(Fact::Unknown),
            Who::ServiceForStranger(name) => service(key, name).unwrap_or_else(|| source(key, None)),
            Who::Holder(arn) => holder(key, arn),
        }
    }

    fn transport(&self) -> Fact {
        match (self.tls, &self.who) {
            (Some(tls), _) => is(&tls.to_string()),
            // AWS's services call each other by TLS.
            (None, Who::Service(_) | Who::ServiceForStranger(_)) => is("true"),
            (None, _) => Fact::OneOf(vec!["true".to_owned(), "false".to_owned()]),
        }
    }

    /// Keys about the way a request came.
    fn network(&self, key: &str) -> Option<Fact> {
        let endpoint = |shape: Shape| Fact::Like {
            shapes: vec![shape],
            optional: false,
        };
        let fact = match key {
            "aws:sourceip" => match self.way {
                Way::Internet(range) => Fact::From(range),
                Way::Endpoint => Fact::Absent,
                Way::Any => Fact::Chosen,
            },
            // Everybody numbers his own network as he likes.
            "aws:vpcsourceip" => Fact::Chosen,
            "aws:sourcevpc" => endpoint(Shape::default().text("vpc-").foreign_name(Class::Word)),
            "aws:sourcevpce" => endpoint(Shape::default().text("vpce-").foreign_name(Class::Word)),
            "aws:sourcevpcarn" => Fact::Like {
                shapes: resource_arns(None),
                optional: false,
            },
            "aws:vpceaccount" => endpoint(account(None)),
            "aws:vpceorgid" => endpoint(organization()),
            "aws:vpceorgpaths" => endpoint(organization().text("/").many(Class::Any)),
            _ => return None,
        };
        Some(match (&self.who, self.way) {
            // A service is not in a network of ours.
            (Who::Service(_) | Who::ServiceForStranger(_), _) => Fact::Absent,
            (Who::Holder(_), Way::Internet(_)) if key == "aws:sourceip" => fact,
            // Over the internet there is no word of a network.
            (Who::Holder(_), _) => Fact::Sometimes,
            (_, Way::Any) => Fact::Chosen,
            (_, Way::Internet(_)) if key != "aws:sourceip" => Fact::Absent,
            _ => fact,
        })
    }
}

fn is(value: &str) -> Fact {
    Fact::Is(vec![value.to_owned()])
}

fn like(shape: Shape, optional: bool) -> Fact {
    Fact::Like {
        shapes: vec![shape],
        optional,
    }
}

/// An account: this one, or one that nobody named.
fn account(named: Option<&str>) -> Shape {
    followed_by_account(Shape::default(), named)
}

fn followed_by_account(shape: Shape, named: Option<&str>) -> Shape {
    match named {
        Some(account) => shape.text(account),
        None => shape.foreign(Class::Digit, 12),
    }
}

fn organization() -> Shape {
    Shape::default().text("o-").foreign_name(Class::Word)
}

/// ARNs of users, roles and sessions. A path may hold a colon in theory; it is not looked for.
fn principal_arns(named: Option<&str>) -> Vec<Shape> {
    let of = |service: &str| {
        let shape = Shape::default().text("arn:").many(Class::Name).text(service);
        followed_by_account(shape, named).text(":").many(Class::NoColon)
    };
    vec![of(":iam::"), of(":sts::")]
}

/// ARNs of resources: with an account, or, like a bucket's, with a name that is somebody's.
fn resource_arns(named: Option<&str>) -> Vec<Shape> {
    let start = || {
        Shape::default()
            .text("arn:")
            .many(Class::Name)
            .text(":")
            .many(Class::Name)
            .text(":")
            .many(Class::Name)
            .text(":")
    };
    let mut shapes = vec![followed_by_account(start(), named).text(":").many(Class::Any)];
    if named.is_none() {
        shapes.push(start().text(":").foreign_name(Class::NoColon));
    }
    shapes
}

/// What services say about the resource on whose behalf they call; and everything else that a caller chooses.
fn source(key: &str, named: Option<&str>) -> Fact {
    let his_own = |shapes: Vec<Shape>| Fact::Like { shapes, optional: true };
    match key {
        "aws:sourceaccount" | "aws:sourceowner" | "s3:dataaccesspointaccount" => like(account(named), true),
        "aws:sourceorgid" if named.is_none() => like(organization(), true),
        "aws:sourceorgpaths" if named.is_none() => like(organization().text("/").many(Class::Any), true),
        "aws:sourcearn"
        | "aws:chatbotsourcearn"
        | "s3:dataaccesspointarn"
        | "ec2:sourceinstancearn"
        | "ecs:sourcetaskarn"
        | "lambda:sourcefunctionarn"
        | "ssm:sourceinstancearn" => his_own(resource_arns(named)),
        "aws:ec2instancesourcevpc" if named.is_none() => {
            like(Shape::default().text("vpc-").foreign_name(Class::Word), true)
        }
        // What else AWS says about the one who calls is not known here; what he asks for, he chooses.
        key if key.starts_with("aws:") && !CHOSEN.iter().any(|own| key == *own || own_tag(key, own)) => Fact::Unknown,
        _ => Fact::Chosen,
    }
}

fn own_tag(key: &str, own: &str) -> bool {
    own.ends_with('/') && key.starts_with(own)
}

/// Global keys whose value the caller picks, by what he sends or by what he asks for.
const CHOSEN: [&str; 19] = [
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:referer",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourcetag/",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "aws:useragent",
    "aws:viaawsservice",
];

fn unsigned(key: &str) -> Option<Fact> {
    Some(match key {
        "aws:principaltype" => is("Anonymous"),
        "aws:userid" => is("anonymous"),
        "aws:principalisawsservice" => is("false"),
        "kms:calleraccount"
        | "aws:assumedroot"
        | "aws:federatedprovider"
        | "aws:multifactorauthage"
        | "aws:multifactorauthpresent"
        | "aws:sourceidentity"
        | "aws:tokenissuetime"
        | "aws:username" => Fact::Absent,
        key if key.starts_with("aws:principal") => Fact::Absent,
        _ => return None,
    })
}

fn signed(key: &str, named: Option<&str>) -> Option<Fact> {
    Some(match (key, named) {
        ("aws:principalaccount" | "kms:calleraccount", _) => like(account(named), false),
        ("aws:principalarn", _) => Fact::Like {
            shapes: principal_arns(named),
            optional: false,
        },
        ("aws:principalorgid", None) => like(organization(), true),
        ("aws:principalorgpaths", None) => like(organization().text("/").many(Class::Any), true),
        // A unique id of 21 characters, and for a session a colon and its name; for root the account.
        ("aws:userid", None) => Fact::Like {
            shapes: vec![
                Shape::default().text("A").foreign(Class::Any, 20),
                Shape::default()
                    .text("A")
                    .foreign(Class::Any, 20)
                    .text(":")
                    .many(Class::Any),
                account(None),
                account(None).text(":").many(Class::Any),
            ],
            optional: false,
        },
        ("aws:principaltype", _) => Fact::OneOf(
            ["Account", "User", "FederatedUser", "AssumedRole"]
                .map(str::to_owned)
                .to_vec(),
        ),
        ("aws:principalisawsservice", _) => is("false"),
        ("aws:principalservicename" | "aws:principalservicenameslist", _) => Fact::Absent,
        // He tags and names his own principals as he likes, signs in with MFA or without.
        ("aws:username" | "aws:userid" | "aws:tokenissuetime" | "aws:principalorgid" | "aws:principalorgpaths", _) => {
            Fact::Chosen
        }
        (key, _) if key.starts_with("aws:principaltag/") => Fact::Chosen,
        ("aws:sourceorgid" | "aws:sourceorgpaths", Some(_)) => Fact::Chosen,
        _ => return None,
    })
}

fn service(key: &str, name: &str) -> Option<Fact> {
    Some(match key {
        "aws:principalisawsservice" => is("true"),
        "aws:principalservicename" | "aws:principalservicenameslist" => is(name),
        "aws:viaawsservice" => is("false"),
        "aws:principaltype" => Fact::Unknown,
        "kms:calleraccount"
        | "aws:calledvia"
        | "aws:calledviafirst"
        | "aws:calledvialast"
        | "aws:federatedprovider"
        | "aws:multifactorauthage"
        | "aws:multifactorauthpresent"
        | "aws:referer"
        | "aws:sourceidentity"
        | "aws:tokenissuetime"
        | "aws:userid"
        | "aws:username" => Fact::Absent,
        key if key.starts_with("aws:principal") => Fact::Absent,
        _ => return None,
    })
}

fn holder(key: &str, arn: &str) -> Fact {
    let account = arn.split(':').nth(4).unwrap_or_default();
    match key {
        "aws:principalarn" => is(arn),
        "aws:principalaccount" | "kms:calleraccount" => is(account),
        "aws:principalisawsservice" | "aws:viaawsservice" => is("false"),
        "aws:principaltype" => is(if arn.contains(":user/") { "User" } else { "AssumedRole" }),
        "aws:username" if arn.contains(":user/") => is(arn.rsplit('/').next().unwrap_or(arn)),
        "aws:principalservicename" | "aws:principalservicenameslist" => Fact::Absent,
        "aws:sourcearn" | "aws:sourceaccount" | "aws:sourceowner" | "aws:sourceorgid" | "aws:sourceorgpaths" => {
            Fact::Absent
        }
        "aws:referer" | "aws:useragent" => Fact::Chosen,
        // Every request has a region.
        "aws:requestedregion" => Fact::Unknown,
        key if key.starts_with("aws:") && !CHOSEN.iter().any(|own| key == *own || own_tag(key, own)) => match key {
            "aws:tokenissuetime" => Fact::Sometimes,
            _ => Fact::Unknown,
        },
        // Of what is asked for, most actions do not have it; without MFA, there is no word of it in calls with access keys.
        _ => Fact::Sometimes,
    }
}
