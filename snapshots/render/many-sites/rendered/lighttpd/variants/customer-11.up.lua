do -- fence variant=up generation=0 site=customer-11 (generated, do not edit)
end
