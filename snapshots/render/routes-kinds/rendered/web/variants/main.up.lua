do -- fence variant=up generation=0 site=main (generated, do not edit)
end
