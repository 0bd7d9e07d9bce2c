<?php
// Deployer 7: require 'fence.php'; in deploy.php. Requests wait while the new release comes into force.
// A hold that nobody releases ends by itself.

namespace Deployer;

set('fence_site', 'main');

task('fence:hold', function () {
    run('fence hold {{fence_site}} --for 5m --reason deployer');
});
task('fence:release', function () {
    run('fence release {{fence_site}}');
});

before('deploy:symlink', 'fence:hold');
after('deploy:success', 'fence:release');
after('deploy:failed', 'fence:release');
