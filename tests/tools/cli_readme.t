#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# cli_readme.t - the README and the manual do not lie: their commands run, and print
# what stands below them (lines of dots stand for what was left out).
# With --update the README's output is written anew; where lines were left out, those that begin
# as the old ones did.
use strict;
use warnings;

my $kmm = $ENV{KMM} || 'build/release/kmm';
my ($n, $bad) = (0, 0);

sub result {
	my ($good, $name, @why) = @_;
	$n++;
	print $good ? "ok $n - $name\n" : "not ok $n - $name\n";
	print map { "# $_\n" } @why unless $good;
	$bad ||= !$good;
}

sub slurp {
	my ($f) = @_;
	open my $in, '<', $f or die "$f: $!\n";
	local $/;
	return <$in>;
}

sub try {
	my ($name, $command, $want) = @_;
	$command =~ s{^build/release/kmm\b}{$kmm}mg;
	open my $pipe, '-|', 'sh', '-c', "exec 2>&1\n$command" or die;
	my @got = <$pipe>;
	close $pipe;
	s/\s+\z// for @got;
	my %got = map { $_ => 1 } @got;
	my @missing = grep { !/^\s*\.\.\.$/ && !$got{s/\s+\z//r} } split /\n/, $want // '';
	result(!$? && !@missing, $name, $? ? 'status ' . ($? >> 8) : (), map { "missing: $_" } @missing);
}

# Everything the command prints.
sub output {
	my ($command) = @_;
	$command =~ s{^build/release/kmm\b}{$kmm}mg;
	open my $pipe, '-|', 'sh', '-c', "exec 2>&1\n$command" or die;
	local $/;
	return <$pipe> // '';
}

# The old lines, each replaced by the next new one with the same words before the first gap.
sub renewed {
	my ($old, $new) = @_;
	my @new = split /^/, $new;
	my $at = 0;
	return join '', map {
		my ($words) = /^(\s*\S.*?)\s{2,}/;
		my ($found) = grep { defined $words && $new[$_] =~ /^\Q$words\E\s{2,}/ } $at .. $#new;
		$at = $found + 1 if defined $found;
		defined $found ? $new[$found] : $_;
	} split /^/, $old;
}

my $readme = slurp('README.md');
if (@ARGV && $ARGV[0] eq '--update') {
	$readme =~ s{(```sh\n(.*?)```\n```text\n)(.*?)(```\n)}{
		my ($head, $command, $old, $tail) = ($1, $2, $3, $4);
		my $new = output($command);
		$head . ($old =~ /^\s*\.\.\.$/m ? renewed($old, $new) : $new) . $tail
	}gse;
	open my $out, '>', 'README.md' or die "README.md: $!\n";
	print $out $readme;
	exit 0;
}
while ($readme =~ /```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?/gs) {
	my ($command, $want) = ($1, $2);
	# Without expected output each line that begins with the program is a command of its own.
	for my $c (defined $want ? $command : split /\n(?=build)/, $command) {
		try('README: ' . (split /\n/, $c)[0], $c, $want);
	}
}
result(-f $1, "README: $1 is there") while $readme =~ /\]\(((?!http)[^)#]+)\)/g;

my ($packages) = $readme =~ /^## Debian packages(.*?)^## /ms;
my %told = map { $_ => 1 } map { split /, / } $packages =~ /^\| ([a-z0-9, +.-]+) \| (?:the |tests)/mg;
my %used = map { $_ => 1 } split ' ', `scripts/deps --list test`;
result($told{$_}, "README: says what $_ is for") for sort keys %used;
result($used{$_}, "README: $_ is installed by scripts/deps") for sort keys %told;

# The manual's examples, but those that need another machine.
my ($examples) = slurp('man/kmm.1') =~ /^\.Sh EXAMPLES\n(.*?)^\.Sh/ms;
while ($examples =~ /^\.Bd[^\n]*\n(.*?)^\.Ed/msg) {
	my $c = $1 =~ s/^kmm /build\/release\/kmm /mgr;
	try('manual: ' . (split /\n/, $c)[0], $c);
}
print "1..$n\n";
exit $bad;
