# Capistrano 3, lib/capistrano/tasks/fence.rake: requests wait while the new release comes into force and is restarted.
# set :fence_site, "main" in config/deploy.rb. A hold that nobody releases ends by itself.
namespace :fence do
  { hold: %w[--for 5m --reason capistrano], release: [], down: %w[--for 20m --reason capistrano], up: [] }.each do |name, options|
    desc "fence #{name}"
    task name do
      on roles(:web) do
        execute :fence, name, fetch(:fence_site, "main"), *options
      end
    end
  end
end

before "deploy:publishing", "fence:hold"
after "deploy:finishing", "fence:release"
after "deploy:failed", "fence:release"
