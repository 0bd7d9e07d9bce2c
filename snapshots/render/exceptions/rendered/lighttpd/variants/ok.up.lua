do -- fence variant=up generation=0 site=ok (generated, do not edit)
end
