#!/usr/bin/perl
# Debian's LemonLDAP::NG: a login form with a one-time token and action="#", and
# the same server as CAS server. Prints its address as one line of JSON; ends
# when its standard input does. Packages: see .ci/run.
#
# GET /truth tells what was really served; with ?faults=1 the server's own pages
# of trouble are then provoked by the person's number, once each (see spoil).
use strict;
use warnings;
use DBI;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON;
use Plack::Runner;

my $dir = tempdir(CLEANUP => 1);
my $parent = $$;
my $port = do { my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.2', Listen => 1) or die; $s->sockport };
my $url = "http://127.0.0.2:$port";
mkdir "$dir/$_" for qw(conf cache sessions sessions/lock persistent persistent/lock);
$ENV{LLNG_DEFAULTCONFFILE} = "$dir/lemonldap-ng.ini";
$ENV{LLNG_DEFAULTLOGGER} = 'Lemonldap::NG::Common::Logger::Std';

sub spew { my ($name, $text) = @_; open my $f, '>', "$dir/$name" or die; print $f $text; close $f }
spew('lemonldap-ng.ini', <<"INI");
[all]
logLevel = error
[configuration]
type = File
dirName = $dir/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'c', 'default_expires_in' => 600, 'cache_root' => '$dir/cache', 'cache_depth' => 3 }
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = fr, en
INI
my $base = "dbi:SQLite:dbname=$dir/users.sqlite";
spew('conf/lmConf-1.json', encode_json({
    cfgNum => 1, cfgDate => time, cfgAuthor => "test", portal => "$url/", domain => '127.0.0.2', key => 'not a secret 123', securedCookie => 0,
    authentication => 'DBI', userDB => 'Same', passwordDB => 'Null', registerDB => 'Null',
    dbiAuthChain => $base, dbiUserChain => $base, dbiAuthUser => '', dbiAuthPassword => '', dbiUserUser => '', dbiUserPassword => '',
    dbiAuthTable => 'users', dbiUserTable => 'users', dbiAuthLoginCol => 'user', dbiAuthPasswordCol => 'password', dbiAuthPasswordHash => '', dbiDynamicHashEnabled => 0, userPivot => 'user',
    dbiExportedVars => { uid => 'user' }, exportedVars => {}, demoExportedVars => {}, macros => {}, groups => {},
    requireToken => 1, issuerDBCASActivation => 1, casAccessControlPolicy => 'none', casAttr => 'uid',
    captcha => '::Lib::OneTimeToken',    # no picture is ever drawn: its library is not wanted
    loginHistoryEnabled => 0, portalCheckLogins => 0, locationRules => {}, exportedHeaders => {},
    globalStorage => 'Apache::Session::File', globalStorageOptions => { Directory => "$dir/sessions", LockDirectory => "$dir/sessions/lock", generateModule => 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256' },
    persistentStorage => 'Apache::Session::File', persistentStorageOptions => { Directory => "$dir/persistent", LockDirectory => "$dir/persistent/lock" },
    localSessionStorage => 'Cache::FileCache', localSessionStorageOptions => { namespace => 's', default_expires_in => 600, cache_root => "$dir/cache", cache_depth => 3 },
}));
{
    my $db = DBI->connect($base, '', '', { RaiseError => 1, AutoCommit => 0 });
    $db->do('CREATE TABLE users (user TEXT PRIMARY KEY, password TEXT)');
    $db->do('INSERT INTO users VALUES (?, ?)', undef, "eleve$_", "secret-eleve$_") for 1 .. 1000;
    $db->commit;
    $db->disconnect;
}
require Lemonldap::NG::Portal::Main;
my $lemonldap = Lemonldap::NG::Portal::Main->run({});

# What is counted is one short line appended by any worker.
sub count { open my $f, '>>', "$dir/truth" or die; syswrite $f, "@_\n" }
sub lines { open my $f, '<', "$dir/truth" or return; map { chomp; $_ } <$f> }

sub truth {
    my $query = shift;
    my %all = map { $_ => {} } qw(home validated down stale lost wrong);
    for (lines()) { my ($event, $login) = split; $all{$event}{$login} = 1 }
    if ($query =~ /faults=(\d)/) { unlink "$dir/truth", "$dir/faults"; spew('faults', '') if $1 }
    return encode_json({ map { $_ => [ keys %{ $all{$_} } ] } keys %all });
}

# spoil is the fault this person meets at the first login, if any.
sub spoil {
    my ($login, $password) = @_;
    return '' unless -e "$dir/faults" && $login =~ /^eleve(\d+)$/ && $password eq "secret-$login";
    my $fault = ('', 'down', 'stale', 'lost')[ $1 % 4 ] or return '';
    return '' if grep { $_ eq "spoiled $login" } lines();
    count('spoiled', $login);
    return $fault;
}

my $app = sub {
    my $env = shift;
    return [ 200, [ 'Content-Type' => 'application/json' ], [ truth($env->{QUERY_STRING}) ] ] if $env->{PATH_INFO} eq '/truth';
    my ($login, $password, $fault) = ('', '', '');
    if ($env->{REQUEST_METHOD} eq 'POST') {
        $env->{'psgi.input'}->read(my $body = '', $env->{CONTENT_LENGTH} || 0);
        $login = $1 if $body =~ /(?:^|&)user=([^&]*)/;
        $password = $1 if $body =~ /(?:^|&)password=([^&]*)/;
        $fault = spoil($login, $password);
        count('down', $login) if $fault eq 'down';
        return [ 503, [ 'Content-Type' => 'text/html' ], ['<title>Service Unavailable</title><h1>Service Unavailable</h1>'] ] if $fault eq 'down';
        $body =~ s/(^|&)token=[^&]*/$1token=1_1/ if $fault eq 'stale';
        $body =~ s/(^|&)password=[^&]*/$1password=x/ if $fault eq 'lost';
        $env->{CONTENT_LENGTH} = length $body;
        open $env->{'psgi.input'}, '<', \$body or die;
        delete $env->{'psgix.input.buffered'};
    }
    my $answer = $lemonldap->($env);
    my $text = ref $answer eq 'ARRAY' && ref $answer->[2] eq 'ARRAY' ? join('', @{ $answer->[2] }) : '';
    # What it answered, by its own error numbers. Its tokens, a second and four
    # digits, are now and then the same for two people: one of them is then stale.
    my ($said) = $text =~ /trmsg="(\d+)"/;
    count('stale', $login) if $login && ($said // 0) =~ /^8[12]$/;
    count($fault eq 'lost' ? 'lost' : 'wrong', $login) if $login && ($said // 0) == 5;
    count('home', $1) if $env->{REQUEST_METHOD} eq 'GET' && $env->{PATH_INFO} eq '/' && $text =~ /\b(eleve\d+)\b/;
    count('validated', $1) if $text =~ /<cas:user>(eleve\d+)</;
    return $answer;
};

my $server = fork // die;
if (!$server) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', \*STDERR;
    my $runner = Plack::Runner->new;
    # One request a connection: a worker must not wait for the next click.
    $runner->parse_options('-s', 'Starlet', '-E', 'deployment', '--host', '127.0.0.2', '--port', $port, '--max-workers', 4, '--max-keepalive-reqs', 1);
    $runner->run($app);
    exit 0;
}
for (1 .. 200) {
    last if IO::Socket::INET->new(PeerAddr => '127.0.0.2', PeerPort => $port);
    select undef, undef, undef, 0.05;
}
$| = 1;
print encode_json({ portal => $url }), "\n";
1 while <STDIN>;
kill TERM => $server;
waitpid $server, 0;
END { $File::Temp::KEEP_ALL = 1 if $$ != $parent }
